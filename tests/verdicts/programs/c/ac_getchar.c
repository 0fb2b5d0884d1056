#include <stdio.h>
static long long number(void)
{
    int c, sign = 1;
    long long value = 0;
    while ((c = getchar()) != '-' && (c < '0' || c > '9'))
        ;
    if (c == '-')
        sign = -1, c = getchar();
    for (; c >= '0' && c <= '9'; c = getchar())
        value = value * 10 + c - '0';
    return sign * value;
}
int main(void)
{
    long long n = number(), sum = 0, largest = -1LL << 62;
    while (n--) {
        long long x = number();
        sum += x;
        largest = x > largest ? x : largest;
    }
    printf("%lld %lld", sum, largest);
}
