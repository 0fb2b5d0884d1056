#include <iostream>

int main() {
    int n;
    double product = 1;
    std::cin >> n;
    for (int i = 2; i <= n; i++) product *= i;
    std::cout << product << "\n";
}
