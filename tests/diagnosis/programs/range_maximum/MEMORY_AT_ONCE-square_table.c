#include <stdio.h>
#include <string.h>

static int table[8000][8000];

int main(void) {
    int n, q;
    memset(table, 1, sizeof table);
    scanf("%d %d", &n, &q);
    for (int i = 0; i < n; i++) scanf("%d", &table[0][i]);
    while (q--) {
        int l, r;
        scanf("%d %d", &l, &r);
        int best = table[0][l - 1];
        for (int i = l; i < r; i++) if (table[0][i] > best) best = table[0][i];
        printf("%d\n", best);
    }
    return 0;
}
