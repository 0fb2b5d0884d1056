#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    for (int i = 0; i < 6; i++)
        if (fork() == 0) {
            char *volatile block = malloc(30 << 20);
            memset(block, 1, 30 << 20);
            sleep(1);
            return block[1];
        }
    while (wait(NULL) > 0)
        ;
}
