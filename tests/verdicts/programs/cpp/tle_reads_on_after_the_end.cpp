#include <iostream>
int main() {
    long long x = 1, sum = 0;
    while (x != 0) {
        std::cin >> x;
        sum += x;
        if (!std::cin) x = 1;
    }
    std::cout << sum;
}
