#include <stdio.h>

static int parent[100001];

static int root(int island) {
    while (parent[island] > 0) {
        if (parent[parent[island]] > 0) parent[island] = parent[parent[island]];
        island = parent[island];
    }
    return island;
}

/* A root holds the size of its group as a negative number. */
int main(void) {
    int n, q, a, b;
    char event[8];
    if (scanf("%d %d", &n, &q) != 2) return 1;
    for (int i = 1; i <= n; i++) parent[i] = -1;
    while (q-- > 0) {
        if (scanf("%7s %d %d", event, &a, &b) != 3) return 1;
        a = root(a);
        b = root(b);
        if (event[0] == 'a') {
            puts(a == b ? "ferry" : "swim");
        } else if (a != b) {
            if (parent[a] > parent[b]) {
                int other = a;
                a = b;
                b = other;
            }
            parent[a] += parent[b];
            parent[b] = a;
        }
    }
    return 0;
}
