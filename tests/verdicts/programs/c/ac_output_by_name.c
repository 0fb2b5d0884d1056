#include <stdio.h>
int main(void)
{
    if (!freopen("/dev/stdout", "w", stdout))
        return 1;
    puts("3000000046\n3000000000");
}
