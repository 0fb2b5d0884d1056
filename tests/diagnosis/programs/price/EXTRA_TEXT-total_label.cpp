#include <cstdio>

int main() {
    int n;
    long long cents = 0;
    std::scanf("%d", &n);
    while (n--) {
        long long count, whole, part;
        std::scanf("%lld %lld.%lld", &count, &whole, &part);
        cents += count * (whole * 100 + part);
    }
    std::printf("Total: %lld.%02lld\n", cents / 100, cents % 100);
}
