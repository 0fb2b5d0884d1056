#include <stdio.h>

static long long sums[1400001];

int main(void) {
    int n, k;
    if (scanf("%d %d", &n, &k) != 2) return 1;
    for (int i = 1; i <= n; i++) {
        int number;
        if (scanf("%d", &number) != 1) return 1;
        sums[i] = sums[i - 1] + number;
    }
    long long best = sums[k];
    for (int i = k + 1; i <= n; i++)
        if (sums[i] - sums[i - k] > best) best = sums[i] - sums[i - k];
    printf("%lld\n", best);
    return 0;
}
