#include <stdio.h>
#include <unistd.h>
int main(void)
{
    if (fork() == 0) {
        sleep(1000);
        return 0;
    }
    puts("3000000046\n3000000000");
}
