#include <stdio.h>

int main(void) {
    int n;
    if (scanf("%d", &n) != 1) return 1;
    if (n == 2 || n == 3) {
        puts("impossible");
        return 0;
    }
    /* Every number up to n - 1, and the first one again. */
    for (int lantern = 2; lantern < n; lantern += 2) printf("%d ", lantern);
    for (int lantern = 1; lantern < n; lantern += 2) printf("%d ", lantern);
    puts("2");
    return 0;
}
