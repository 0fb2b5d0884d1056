#include <stdio.h>

int main(void) {
    int n;
    long last = -1, found;
    if (scanf("%d", &n) != 1) return 1;
    /* Strides of a sixteenth, past the last post. */
    int stride = n / 16 + 1, post = 1;
    for (;; post += stride) {
        printf("? %d\n", post);
        fflush(stdout);
        if (scanf("%ld", &found) != 1) return 0;
        if (found < last) break;
        last = found;
    }
    printf("! %d\n", post - stride);
    return 0;
}
