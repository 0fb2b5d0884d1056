#include <stdio.h>
int main(void)
{
    long long n, x, sum = 0, largest = -1LL << 62;
    if (!freopen("/dev/stdin", "r", stdin) || scanf("%lld", &n) != 1)
        return 1;
    while (n-- && scanf("%lld", &x) == 1) {
        sum += x;
        largest = x > largest ? x : largest;
    }
    printf("%lld\n%lld\n", sum, largest);
}
