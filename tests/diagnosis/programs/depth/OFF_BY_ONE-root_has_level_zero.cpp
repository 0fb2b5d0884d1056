#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<int> level(n + 1, 0);
    for (int node = 2; node <= n; node++) {
        int parent;
        std::cin >> parent;
        level[node] = level[parent] + 1;
    }
    std::cout << *std::max_element(level.begin(), level.end()) << "\n";
}
