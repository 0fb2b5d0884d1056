#include <stdio.h>
int main(void)
{
    int n, sum = 0, largest = -2000000000;
    long long x;
    scanf("%d", &n);
    while (n-- && scanf("%lld", &x) == 1) {
        sum += (int)x;
        if ((int)x > largest)
            largest = (int)x;
    }
    printf("%d\n%d\n", sum, largest);
}
