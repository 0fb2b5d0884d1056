#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    if (fork() == 0)
        abort();
    wait(NULL);
    puts("3000000046\n3000000000");
}
