#include <cstdint>
#include <iostream>

int main() {
    std::ios::sync_with_stdio(false);
    int n;
    std::int64_t seats, group, left = 0, cabins = 0, empty = 0;
    std::cin >> n >> seats;
    while (n-- > 0) {
        std::cin >> group;
        if (group > left) {
            ++cabins;
            empty += left;
            left = seats;
        }
        left -= group;
    }
    std::cout << cabins << ' ' << empty + left << '\n';
}
