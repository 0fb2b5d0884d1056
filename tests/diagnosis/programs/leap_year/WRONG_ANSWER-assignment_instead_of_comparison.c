#include <stdio.h>

int main(void) {
    int year, leap = 0;
    scanf("%d", &year);
    if (year % 4 == 0) leap = 1;
    if (leap = 1) printf("No\n");
    else printf("Yes\n");
    return 0;
}
