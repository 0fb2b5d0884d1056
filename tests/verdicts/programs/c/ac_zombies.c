#include <stdio.h>
#include <unistd.h>
int main(void)
{
    for (int i = 0; i < 40; i++)
        if (fork() == 0)
            _exit(i);
    puts("3000000046\n3000000000");
}
