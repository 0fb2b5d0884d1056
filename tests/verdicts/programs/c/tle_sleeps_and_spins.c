#include <time.h>
#include <unistd.h>
int main(void)
{
    for (;;) {
        clock_t until = clock() + CLOCKS_PER_SEC / 100;
        while (clock() < until)
            ;
        usleep(2000);
    }
}
