#include <sys/mman.h>
#include <stdio.h>
int main(void)
{
    FILE *file = fopen("/tmp/empty", "w+");
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);
    return page[0];
}
