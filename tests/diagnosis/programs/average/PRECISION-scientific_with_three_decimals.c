#include <stdio.h>
int main(void) {
    int n, number;
    double sum = 0;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        scanf("%d", &number);
        sum += number;
    }
    printf("%.3e\n", sum / n);
    return 0;
}
