#include <math.h>
#include <stdio.h>

int main(void) {
    int n;
    float x, y, before_x = 0, before_y = 0, length = 0;
    if (scanf("%d", &n) != 1) return 1;
    for (int i = 0; i < n; i++) {
        if (scanf("%f %f", &x, &y) != 2) return 1;
        if (i > 0) length += hypotf(x - before_x, y - before_y);
        before_x = x;
        before_y = y;
    }
    printf("%.9f %.9f\n", length, length / (n - 1));
    return 0;
}
