#include <stdio.h>

int main(void) {
    int n, best = 1;
    int *level = NULL;
    scanf("%d", &n);
    level[1] = 1;
    for (int node = 2; node <= n; node++) {
        int parent;
        scanf("%d", &parent);
        level[node] = level[parent] + 1;
        if (level[node] > best) best = level[node];
    }
    printf("%d\n", best);
    return 0;
}
