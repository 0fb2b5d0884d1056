#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
    char *volatile block = malloc(30 << 20);
    memset(block, 1, 30 << 20);
    int file = open("/tmp/big", O_CREAT | O_WRONLY, 0600);
    for (int i = 0; i < 50; i++)
        if (write(file, block, 1 << 20) != 1 << 20)
            return 1;
    usleep(50000);
}
