#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    char *volatile block = malloc(1L << 50);
    if (!block) {
        perror("malloc");
        return 1;
    }
}
