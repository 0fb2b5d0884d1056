#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
    int n, k;
    if (std::scanf("%d %d", &n, &k) != 2) return 1;
    std::vector<std::int32_t> log(n);
    for (auto &number : log)
        if (std::scanf("%d", &number) != 1) return 1;
    std::uint32_t sum = 0;
    for (int i = 0; i < k; ++i) sum += log[i];
    std::int32_t best = sum;
    for (int i = k; i < n; ++i) {
        sum += log[i] - log[i - k];
        best = std::max(best, static_cast<std::int32_t>(sum));
    }
    std::printf("%d\n", best);
}
