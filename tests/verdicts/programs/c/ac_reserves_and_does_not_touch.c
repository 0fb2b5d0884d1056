#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    char *volatile big = malloc(1L << 30);
    if (!big)
        return 1;
    big[0] = 1;
    puts("3000000046\n3000000000");
}
