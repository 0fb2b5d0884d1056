#include <stdio.h>

int main(void) {
    int n, value;
    double sum = 0;
    int sum = 0;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        scanf("%d", &value);
        sum += value;
    }
    printf("%.10f\n", sum / n);
    return 0;
}
