#include <pthread.h>
#include <stdio.h>
static void *work(void *at)
{
    *(long *)at = 1;
    return NULL;
}
int main(void)
{
    pthread_t threads[40];
    long done[40] = {0}, sum = 0;
    for (int i = 0; i < 40; i++)
        if (pthread_create(&threads[i], NULL, work, &done[i]))
            return 1;
    for (int i = 0; i < 40; i++) {
        pthread_join(threads[i], NULL);
        sum += done[i];
    }
    if (sum == 40)
        puts("3000000046\n3000000000");
}
