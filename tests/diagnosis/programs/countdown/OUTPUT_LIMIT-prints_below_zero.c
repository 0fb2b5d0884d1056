#include <stdio.h>

int main(void) {
    unsigned n;
    scanf("%u", &n);
    for (unsigned i = n; i >= 0; i--) printf("%u\n", i);
    return 0;
}
