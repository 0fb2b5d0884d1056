#include <iostream>
#include <vector>

std::vector<int> parents;

int level_of(int node) { return level_of(parents[node]) + 1; }

int main() {
    int n, best = 1;
    std::cin >> n;
    parents.assign(n + 1, 0);
    for (int node = 2; node <= n; node++) std::cin >> parents[node];
    for (int node = 1; node <= n; node++) best = std::max(best, level_of(node));
    std::cout << best << "\n";
}
