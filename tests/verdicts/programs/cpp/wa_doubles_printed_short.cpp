#include <iostream>
int main() {
    double n, x, sum = 0, largest = 0;
    std::cin >> n;
    while (n-- > 0 && std::cin >> x) {
        sum += x;
        if (x > largest) largest = x;
    }
    std::cout << sum << '\n' << largest << '\n';
}
