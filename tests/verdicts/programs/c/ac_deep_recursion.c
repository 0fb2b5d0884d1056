#include <stdio.h>
static long depth(volatile long n) { return n == 0 ? 0 : 1 + depth(n - 1) + (n & 0); }
int main(void)
{
    if (depth(500000) == 500000)
        puts("3000000046\n3000000000");
}
