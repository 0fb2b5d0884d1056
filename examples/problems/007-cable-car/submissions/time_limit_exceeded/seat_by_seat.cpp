#include <iostream>

int main() {
    int n;
    long long seats, group, cabins = 0, empty = 0;
    volatile long long left = 0;
    std::cin >> n >> seats;
    while (n-- > 0) {
        std::cin >> group;
        if (group > left) {
            ++cabins;
            while (left > 0) {
                left = left - 1;
                ++empty;
            }
            left = seats;
        }
        for (long long seat = 0; seat < group; ++seat) left = left - 1;
    }
    std::cout << cabins << ' ' << empty + left << '\n';
}
