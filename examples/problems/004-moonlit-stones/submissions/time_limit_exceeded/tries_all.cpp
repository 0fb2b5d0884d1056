#include <iostream>
#include <vector>

static std::vector<bool> dark;
static int goal;

static long long ways(int place) {
    if (place > goal || dark[place]) return 0;
    if (place == goal) return 1;
    return (ways(place + 1) + ways(place + 2) + ways(place + 3)) % 1000000007;
}

int main() {
    int n, m, stone;
    std::cin >> n >> m;
    dark.resize(n + 2);
    while (m-- > 0) {
        std::cin >> stone;
        dark[stone] = true;
    }
    goal = n + 1;
    std::cout << ways(0) << '\n';
}
