#include <iostream>
#include <vector>
int main() {
    int n, parent, best = 1;
    std::cin >> n;
    std::vector<std::vector<char>> edge(n + 1, std::vector<char>(n + 1, 1));
    std::vector<int> depth(n + 1, 1);
    for (int node = 2; node <= n; node++) {
        std::cin >> parent;
        edge[parent][node] = 1;
        depth[node] = depth[parent] + 1;
        best = std::max(best, depth[node]);
    }
    std::cout << best << std::endl;
}
