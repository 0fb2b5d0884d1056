#include <iostream>
int main() {
    int n, x;
    long long sum = 0, largest = 0;
    std::cin >> n;
    while (n-- && std::cin >> x) {
        sum += x;
        if (x > largest) largest = x;
    }
    std::cout << sum << '\n' << largest << '\n';
}
