#include <stdio.h>

static long height(int post) {
    long found;
    printf("? %d\n", post);
    fflush(stdout);
    return scanf("%ld", &found) == 1 ? found : -1;
}

int main(void) {
    int low = 1, high;
    if (scanf("%d", &high) != 1) return 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (height(middle) < height(middle + 1))
            low = middle + 1;
        else
            high = middle;
    }
    printf("! %d\n", low);
    return 0;
}
