#include <iostream>

int solve() {
    long long a, b;
    std::cin >> a >> b;
    std::cout << a - b << std::endl;
    return 0;
}
