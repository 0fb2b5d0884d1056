#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

static int rows, columns, best = -1;
static std::vector<std::string> market;
static std::vector<std::vector<bool>> on_path;
static std::vector<std::vector<std::pair<int, int>>> ends(10);

static void walk(int r, int c, int steps) {
    if (r < 0 || c < 0 || r >= rows || c >= columns || market[r][c] == '#' || on_path[r][c]) return;
    if (market[r][c] == 'L') {
        best = best < 0 ? steps : std::min(best, steps);
        return;
    }
    if (steps >= 20000) return;
    on_path[r][c] = true;
    walk(r - 1, c, steps + 1);
    walk(r, c - 1, steps + 1);
    walk(r + 1, c, steps + 1);
    walk(r, c + 1, steps + 1);
    if (market[r][c] >= '0' && market[r][c] <= '9')
        for (auto [y, x] : ends[market[r][c] - '0']) walk(y, x, steps + 1);
    on_path[r][c] = false;
}

int main() {
    std::cin >> rows >> columns;
    market.resize(rows);
    on_path.assign(rows, std::vector<bool>(columns));
    int start_row = 0, start_column = 0;
    for (int r = 0; r < rows; ++r) {
        std::cin >> market[r];
        for (int c = 0; c < columns; ++c) {
            if (market[r][c] == 'S') start_row = r, start_column = c;
            char square = market[r][c];
            if (square >= '0' && square <= '9') ends[square - '0'].push_back({r, c});
        }
    }
    walk(start_row, start_column, 0);
    std::cout << best << '\n';
}
