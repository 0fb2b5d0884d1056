#include <stdio.h>
int main(void)
{
    for (int i = 0; i < 8000000; i++)
        putchar('1');
}
