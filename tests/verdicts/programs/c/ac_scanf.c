#include <stdio.h>
int main(void)
{
    long long n, x, sum = 0, largest = -1LL << 62;
    scanf("%lld", &n);
    while (n-- && scanf("%lld", &x) == 1) {
        sum += x;
        if (x > largest)
            largest = x;
    }
    printf("%lld\n%lld\n", sum, largest);
}
