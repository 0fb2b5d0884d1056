#include <stdio.h>
#include <unistd.h>
int main(void)
{
    puts("3000000046\n3000000000");
    fflush(stdout);
    sleep(1000);
}
