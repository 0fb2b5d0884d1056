#include <stdio.h>
int main(void)
{
    long long n, x, sum = 0, largest = -1LL << 62;
    scanf("%lld", &n);
    for (int i = 0; i < n - 1 && scanf("%lld", &x) == 1; i++) {
        sum += x;
        largest = x > largest ? x : largest;
    }
    printf("%lld\n%lld\n", sum, largest);
}
