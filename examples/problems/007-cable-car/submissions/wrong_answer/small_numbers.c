#include <stdio.h>

int main(void) {
    int n, cabins = 0;
    unsigned seats, group, left = 0, empty = 0;
    if (scanf("%d %u", &n, &seats) != 2) return 1;
    while (n-- > 0) {
        if (scanf("%u", &group) != 1) return 1;
        if (group > left) {
            cabins++;
            empty += left;
            left = seats;
        }
        left -= group;
    }
    printf("%d %u\n", cabins, empty + left);
    return 0;
}
