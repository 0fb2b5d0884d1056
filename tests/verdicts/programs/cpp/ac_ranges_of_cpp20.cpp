#include <algorithm>
#include <iostream>
#include <iterator>
#include <numeric>
#include <ranges>
#include <vector>
int main() {
    std::cin.ignore(1000, '\n');
    std::vector<long long> all(std::istream_iterator<long long>(std::cin), {});
    auto positive = all | std::views::filter([](long long x) { return x > 0; });
    std::cout << std::accumulate(all.begin(), all.end(), 0LL) << ' ' << std::ranges::max(positive);
}
