#include <stdio.h>

int main(void) {
    long long a, b;
    scanf("%lld %lld", &a, &b);
    result = a - b;
    printf("%lld\n", result);
    return 0;
}
