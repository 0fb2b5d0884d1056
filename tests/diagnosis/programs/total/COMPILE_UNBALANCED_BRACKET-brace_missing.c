#include <stdio.h>

int main(void) {
    int n;
    long long value, sum = 0;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        scanf("%lld", &value);
        sum += value;
    printf("%lld\n", sum);
    return 0;
}
