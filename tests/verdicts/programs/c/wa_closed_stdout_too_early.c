#include <stdio.h>
#include <unistd.h>
int main(void)
{
    close(1);
    puts("3000000046\n3000000000");
    return 0;
}
