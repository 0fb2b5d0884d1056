#include <stdio.h>
int main(void)
{
    for (long i = 0; i < 33L << 20; i += 32)
        fputs("3000000046\n3000000000\n..........", stdout);
    return 0;
}
