#include <stdio.h>

int main(void) {
    int n, sum = 0, left;
    scanf("%d", &n);
    left = n;
    while (left > 0) {
        int value;
        scanf("%d", &value);
        sum += value;
        left--;
    }
    printf("%d\n", sum / left);
    return 0;
}
