#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    char *volatile big = malloc(40 << 20);
    memset(big, 1, 40 << 20);
    if (big[40000000])
        puts("3000000046\n3000000000");
}
