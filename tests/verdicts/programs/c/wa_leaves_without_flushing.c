#include <stdio.h>
#include <unistd.h>
int main(void)
{
    printf("3000000046\n3000000000\n");
    _exit(0);
}
