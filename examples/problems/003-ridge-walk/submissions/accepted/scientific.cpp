#include <cmath>
#include <iomanip>
#include <iostream>

int main() {
    int n;
    long double x, y, before_x, before_y, length = 0;
    std::cin >> n >> before_x >> before_y;
    for (int i = 1; i < n; ++i) {
        std::cin >> x >> y;
        length += std::sqrt((x - before_x) * (x - before_x) + (y - before_y) * (y - before_y));
        before_x = x;
        before_y = y;
    }
    std::cout << std::scientific << std::setprecision(12);
    std::cout << length << '\n' << length / (n - 1) << '\n';
}
