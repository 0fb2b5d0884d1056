#include <stdio.h>

int main(void) {
    int year;
    scanf("%d", &year);
    printf(year % 4 == 0 ? "Yes\n" : "No\n");
    return 0;
}
