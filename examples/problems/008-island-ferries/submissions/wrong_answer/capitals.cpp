#include <iostream>
#include <numeric>
#include <string>
#include <vector>

static std::vector<int> parent;

static int root(int island) {
    while (parent[island] != island) island = parent[island] = parent[parent[island]];
    return island;
}

int main() {
    std::ios::sync_with_stdio(false);
    int n, q, a, b;
    std::string event;
    std::cin >> n >> q;
    parent.resize(n + 1);
    std::iota(parent.begin(), parent.end(), 0);
    while (q-- > 0) {
        std::cin >> event >> a >> b;
        if (event == "ask")
            std::cout << (root(a) == root(b) ? "Ferry" : "Swim") << '\n';
        else
            parent[root(a)] = root(b);
    }
}
