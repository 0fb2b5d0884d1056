#include <iostream>
int main() {
    long long a, b;
    std::cin >> a >> b;
    int result = a - b;
    std::cout << result << std::endl;
}
