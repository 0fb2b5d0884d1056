#include <iostream>
#include <vector>

int main() {
    int h, w;
    std::cin >> h >> w;
    std::vector<std::vector<int>> grid;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) std::cin >> grid[y][x];
    for (int x = 0; x < w; x++) {
        for (int y = 0; y < h; y++) std::cout << grid[y][x] << " ";
        std::cout << "\n";
    }
}
