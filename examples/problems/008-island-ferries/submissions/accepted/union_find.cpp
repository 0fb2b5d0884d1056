#include <iostream>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

static std::vector<int> parent;

static int root(int island) {
    while (parent[island] != island) island = parent[island] = parent[parent[island]];
    return island;
}

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n, q, a, b;
    std::string event;
    std::cin >> n >> q;
    parent.resize(n + 1);
    std::vector<int> size(n + 1, 1);
    std::iota(parent.begin(), parent.end(), 0);
    while (q-- > 0) {
        std::cin >> event >> a >> b;
        a = root(a);
        b = root(b);
        if (event == "ask") {
            std::cout << (a == b ? "ferry\n" : "swim\n");
        } else if (a != b) {
            if (size[a] < size[b]) std::swap(a, b);
            parent[b] = a;
            size[a] += size[b];
        }
    }
}
