#include <stdio.h>

int main(void) {
    int n;
    long long seats, group, taken = 0, people = 0, cabins = 1;
    if (scanf("%d %lld", &n, &seats) != 2) return 1;
    while (n-- > 0) {
        if (scanf("%lld", &group) != 1) return 1;
        people += group;
        if (taken + group > seats) {
            cabins++;
            taken = 0;
        }
        taken += group;
    }
    printf("%lld %lld\n", cabins, cabins * seats - people);
    return 0;
}
