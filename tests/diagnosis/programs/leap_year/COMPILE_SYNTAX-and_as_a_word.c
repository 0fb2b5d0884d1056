#include <stdio.h>

int main(void) {
    int year;
    scanf("%d", &year);
    if (year % 4 == 0 and year % 100 != 0) printf("Yes\n");
    else printf("No\n");
    return 0;
}
