#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    if (fork() == 0)
        for (volatile long i = 0;; i++)
            ;
    wait(NULL);
}
