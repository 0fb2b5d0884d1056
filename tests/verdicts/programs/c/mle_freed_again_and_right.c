#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    volatile char *block = malloc(100 << 20);
    if (!block) {
        perror("malloc");
        return 1;
    }
    for (long i = 0; i < 100 << 20; i += 4096)
        block[i] = 1;
    free((void *)block);
    puts("3000000046\n3000000000");
}
