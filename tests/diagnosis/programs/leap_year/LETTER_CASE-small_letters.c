#include <stdio.h>

int main(void) {
    int year;
    scanf("%d", &year);
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    printf(leap ? "yes\n" : "no\n");
    return 0;
}
