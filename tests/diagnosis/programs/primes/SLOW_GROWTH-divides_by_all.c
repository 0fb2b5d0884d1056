#include <stdio.h>

int main(void) {
    int n, count = 0;
    scanf("%d", &n);
    for (int number = 2; number <= n; number++) {
        int divisors = 0;
        for (int divisor = 1; divisor <= number; divisor++)
            if (number % divisor == 0) divisors++;
        if (divisors == 2) count++;
    }
    printf("%d\n", count);
    return 0;
}
