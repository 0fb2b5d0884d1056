#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    if (fork() == 0)
        sleep(1000);
    else
        wait(NULL);
}
