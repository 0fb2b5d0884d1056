#include <stdio.h>

static int count(int from, int to) { return to - from + 1; }

int main(void) {
    int a, b;
    scanf("%d %d", &a, &b);
    printf("%d\n", count(a));
    return 0;
}
