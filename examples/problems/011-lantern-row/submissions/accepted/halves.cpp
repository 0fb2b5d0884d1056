#include <iostream>

int main() {
    int n;
    std::cin >> n;
    if (n == 2 || n == 3) {
        std::cout << "impossible\n";
        return 0;
    }
    // One of the upper half, one of the lower: n = 7 gives 4 1 5 2 6 3 7.
    for (int low = 1; low <= n / 2; low++) std::cout << low + n / 2 << ' ' << low << ' ';
    if (n % 2 == 1) std::cout << n;
    std::cout << '\n';
}
