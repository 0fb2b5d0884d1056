#include <stdio.h>

int main(void) {
    int n;
    long long values[100];
    long long sum = 0;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) scanf("%lld", &values[i]);
    for (int i = 0; i < n; i++) sum += values[i];
    printf("%lld\n", sum);
    return 0;
}
