#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    if (fork() == 0)
        for (;;)
            puts("again and again and again");
    wait(NULL);
}
