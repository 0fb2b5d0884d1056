#include <stdio.h>

int main(void) {
    int n;
    if (scanf("%d", &n) != 1) return 1;
    if (n == 2 || n == 3) {
        puts("impossible");
        return 0;
    }
    for (int parity = 1; parity >= 0; parity--)
        for (int lantern = n - (n + parity) % 2; lantern > 0; lantern -= 2) printf("%d\n", lantern);
    return 0;
}
