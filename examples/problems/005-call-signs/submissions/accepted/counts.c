#include <ctype.h>
#include <stdio.h>

int main(void) {
    int pairs;
    char a[201], b[201];
    if (scanf("%d", &pairs) != 1) return 1;
    while (pairs-- > 0) {
        int tiles[256] = {0}, same = 1;
        if (scanf("%200s %200s", a, b) != 2) return 1;
        for (char *p = a; *p; p++) tiles[tolower((unsigned char)*p)]++;
        for (char *p = b; *p; p++) tiles[tolower((unsigned char)*p)]--;
        for (int i = 0; i < 256; i++) same = same && tiles[i] == 0;
        puts(same ? "yEs" : "nO");
    }
    return 0;
}
