#include <iostream>
#include <vector>

int main() {
    int h, w;
    std::cin >> h >> w;
    std::vector<std::vector<int>> grid(h, std::vector<int>(w));
    for (auto &row : grid)
        for (auto &cell : row) std::cin >> cell;
    for (auto &row : grid) {
        for (auto &cell : row) std::cout << cell << " ";
        std::cout << "\n";
    }
}
