#include <stdio.h>
int main(void)
{
    for (int i = 0; i < 100000; i++)
        fprintf(stderr, "debug %d\n", i);
    puts("3000000046\n3000000000");
}
