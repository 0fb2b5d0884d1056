#include <algorithm>
#include <cstdio>
#include <vector>

static int read_number() {
    int c = getchar_unlocked();
    while (c != '-' && (c < '0' || c > '9')) c = getchar_unlocked();
    bool negative = c == '-';
    if (negative) c = getchar_unlocked();
    int value = 0;
    for (; c >= '0' && c <= '9'; c = getchar_unlocked()) value = value * 10 + (c - '0');
    return negative ? -value : value;
}

int main() {
    int n = read_number(), k = read_number();
    std::vector<int> log(n);
    for (int &number : log) number = read_number();
    long long sum = 0;
    for (int i = 0; i < k; ++i) sum += log[i];
    long long best = sum;
    for (int i = k; i < n; ++i) {
        sum += log[i] - log[i - k];
        best = std::max(best, sum);
    }
    std::printf("%lld\n", best);
}
