#include <pthread.h>
#include <stdio.h>
static void *fail(void *unused)
{
    *(volatile int *)0 = 1;
    return unused;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, fail, NULL);
    pthread_join(thread, NULL);
    puts("3000000046\n3000000000");
}
