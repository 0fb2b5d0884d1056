#include <stdio.h>
#include <sys/socket.h>
int main(void)
{
    if (socket(AF_INET, SOCK_STREAM, 0) < 0)
        return 3;
    puts("3000000046\n3000000000");
}
