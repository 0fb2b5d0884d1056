#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int n, order, weight;
    std::cin >> n >> order;
    std::vector<int> fewest(order + 1, order + 1);
    fewest[0] = 0;
    while (n-- > 0) {
        std::cin >> weight;
        for (int total = order; total >= weight; --total)
            fewest[total] = std::min(fewest[total], fewest[total - weight] + 1);
    }
    std::cout << (fewest[order] > order ? -1 : fewest[order]) << '\n';
}
