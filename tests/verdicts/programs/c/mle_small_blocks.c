#include <stdlib.h>
int main(void)
{
    for (;;) {
        char *volatile block = malloc(24);
        *block = 1;
    }
}
