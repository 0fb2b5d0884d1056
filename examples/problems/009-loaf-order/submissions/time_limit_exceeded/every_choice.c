#include <stdio.h>

static int n, weights[20], best = -1;

static void choose(int from, int left, int loaves) {
    if (left == 0 && (best < 0 || loaves < best)) best = loaves;
    for (int i = from; i < n; i++)
        if (weights[i] <= left) choose(i, left - weights[i], loaves + 1);
}

int main(void) {
    int order;
    if (scanf("%d %d", &n, &order) != 2) return 1;
    for (int i = 0; i < n; i++)
        if (scanf("%d", &weights[i]) != 1) return 1;
    choose(0, order, 0);
    printf("%d\n", best);
    return 0;
}
