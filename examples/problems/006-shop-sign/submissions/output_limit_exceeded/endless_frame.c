#include <stdio.h>

int main(void) {
    char edge[65536];
    for (unsigned i = 0; i < sizeof edge; i++) edge[i] = '*';
    while (fwrite(edge, 1, sizeof edge, stdout) > 0) continue;
    return 0;
}
