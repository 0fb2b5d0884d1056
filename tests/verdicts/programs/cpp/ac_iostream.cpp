#include <algorithm>
#include <iostream>
int main() {
    int n;
    std::cin >> n;
    long long x, sum = 0, largest = -(1LL << 62);
    while (n-- && std::cin >> x) {
        sum += x;
        largest = std::max(largest, x);
    }
    std::cout << sum << std::endl << largest << std::endl;
}
