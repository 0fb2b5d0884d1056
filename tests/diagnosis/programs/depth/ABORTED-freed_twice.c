#include <stdio.h>
#include <stdlib.h>

int main(void) {
    int n, best = 1;
    scanf("%d", &n);
    int *level = calloc(n + 1, sizeof *level);
    level[1] = 1;
    for (int node = 2; node <= n; node++) {
        int parent;
        scanf("%d", &parent);
        level[node] = level[parent] + 1;
        if (level[node] > best) best = level[node];
    }
    free(level);
    printf("%d\n", best);
    free(level);
    return 0;
}
