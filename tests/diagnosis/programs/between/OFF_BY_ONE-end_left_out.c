#include <stdio.h>

int main(void) {
    int a, b, count = 0;
    scanf("%d %d", &a, &b);
    for (int n = a; n < b; n++) count++;
    printf("%d\n", count);
    return 0;
}
