#include <stdio.h>
#include <unistd.h>
int main(int count, char **words)
{
    if (count == 1)
        execl("/proc/self/exe", words[0], "again", NULL);
    puts("3000000046\n3000000000");
}
