#include <iostream>
#include <queue>
#include <string>
#include <utility>
#include <vector>

int main() {
    int rows, columns;
    std::cin >> rows >> columns;
    std::vector<std::string> market(rows);
    std::vector<std::vector<std::pair<int, int>>> ends(10);
    std::vector<std::vector<int>> steps(rows, std::vector<int>(columns, -1));
    std::queue<std::pair<int, int>> todo;
    for (int r = 0; r < rows; ++r) {
        std::cin >> market[r];
        for (int c = 0; c < columns; ++c) {
            char square = market[r][c];
            if (square >= '0' && square <= '9') ends[square - '0'].push_back({r, c});
            if (square == 'S') {
                steps[r][c] = 0;
                todo.push({r, c});
            }
        }
    }
    while (!todo.empty()) {
        auto [r, c] = todo.front();
        todo.pop();
        if (market[r][c] == 'L') {
            std::cout << steps[r][c] << '\n';
            return 0;
        }
        std::vector<std::pair<int, int>> around{{r - 1, c}, {r + 1, c}, {r, c - 1}, {r, c + 1}};
        if (market[r][c] >= '0' && market[r][c] <= '9')
            for (auto end : ends[market[r][c] - '0']) around.push_back(end);
        for (auto [y, x] : around) {
            if (y < 0 || x < 0 || y >= rows || x >= columns) continue;
            if (market[y][x] == '#' || steps[y][x] >= 0) continue;
            steps[y][x] = steps[r][c] + 1;
            todo.push({y, x});
        }
    }
    std::cout << -1 << '\n';
}
