#include <stdio.h>

static volatile int log_[1400000];

int main(void) {
    int n, k;
    if (scanf("%d %d", &n, &k) != 2) return 1;
    for (int i = 0; i < n; i++) {
        int number;
        if (scanf("%d", &number) != 1) return 1;
        log_[i] = number;
    }
    long long best = 0;
    for (int start = 0; start + k <= n; start++) {
        long long sum = 0;
        for (int i = start; i < start + k; i++) sum += log_[i];
        if (start == 0 || sum > best) best = sum;
    }
    printf("%lld\n", best);
    return 0;
}
