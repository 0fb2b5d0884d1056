#include <stdio.h>

int main(void) {
    unsigned n, steps = 0;
    scanf("%u", &n);
    for (unsigned i = n; i >= 0; i--) {
        if (i > 0 && i <= n) steps++;
    }
    printf("%u\n", steps);
    return 0;
}
