#include <signal.h>
#include <stdio.h>
static volatile sig_atomic_t came;
static void note(int number) { came = number; }
int main(void)
{
    signal(SIGTERM, note);
    raise(SIGTERM);
    if (came == SIGTERM)
        puts("3000000046\n3000000000");
}
