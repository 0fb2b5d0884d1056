#include <iostream>
int main() {
    int n, sum = 0;
    long long x, largest = 0;
    std::cin >> n;
    while (n-- && std::cin >> x) {
        sum += x;
        if (x > largest) largest = x;
    }
    std::cout << sum << '\n' << largest << '\n';
}
