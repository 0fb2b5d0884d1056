#include <stdio.h>

static char dark[100002];
static long long ways[100005];

int main(void) {
    int n, m, stone;
    if (scanf("%d %d", &n, &m) != 2) return 1;
    while (m-- > 0) {
        if (scanf("%d", &stone) != 1) return 1;
        dark[stone] = 1;
    }
    ways[2] = 1;  /* place p stands at p + 2 */
    for (int place = 1; place <= n + 1; place++)
        if (!dark[place])
            ways[place + 2] = (ways[place + 1] + ways[place] + ways[place - 1]) % 1000000007;
    printf("%lld\n", ways[n + 3]);
    return 0;
}
