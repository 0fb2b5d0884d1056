#include <stdio.h>
int main(void)
{
    static char block[65536];
    setvbuf(stderr, block, _IOFBF, sizeof block);
    for (;;)
        fputs("again and again and again\n", stderr);
}
