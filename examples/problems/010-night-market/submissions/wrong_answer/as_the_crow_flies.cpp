#include <cstdlib>
#include <iostream>
#include <string>

int main() {
    int rows, columns, sr = 0, sc = 0, lr = 0, lc = 0;
    std::cin >> rows >> columns;
    for (int r = 0; r < rows; ++r) {
        std::string row;
        std::cin >> row;
        for (int c = 0; c < columns; ++c) {
            if (row[c] == 'S') sr = r, sc = c;
            if (row[c] == 'L') lr = r, lc = c;
        }
    }
    std::cout << std::abs(sr - lr) + std::abs(sc - lc) << '\n';
}
