#include <iostream>
int main() {
    int n, zero = 0;
    std::cin >> n;
    std::cout << n / (zero * n) << '\n';
}
