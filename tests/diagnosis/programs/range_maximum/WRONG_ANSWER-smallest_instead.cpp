#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    int n, q;
    std::cin >> n >> q;
    std::vector<std::vector<int>> low(1, std::vector<int>(n));
    for (auto &value : low[0]) std::cin >> value;
    for (int step = 1; 2 * step <= n; step *= 2) {
        auto &last = low.back();
        std::vector<int> next(last.size());
        for (int i = 0; i + 2 * step <= n; i++) next[i] = std::min(last[i], last[i + step]);
        low.push_back(next);
    }
    while (q--) {
        int l, r;
        std::cin >> l >> r;
        int level = 0;
        while ((2 << level) <= r - l + 1) level++;
        std::cout << std::min(low[level][l - 1], low[level][r - (1 << level)]) << "\n";
    }
}
