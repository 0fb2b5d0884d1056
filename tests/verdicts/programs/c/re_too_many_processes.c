#include <stdio.h>
#include <unistd.h>
int main(void)
{
    for (int i = 0; i < 500; i++) {
        int child = fork();
        if (child < 0)
            return 1;
        if (child == 0)
            for (;;)
                pause();
    }
    puts("3000000046\n3000000000");
}
