#include <stdio.h>
#include <string.h>

static char text[100000];

int main(void) {
    scanf("%99999s", text);
    int count = 1;
    for (size_t i = 1; i < strlen(text); i++) {
        if (text[i] == text[i - 1]) count++;
        else {
            printf("%c %d\n", text[i - 1], count);
            count = 1;
        }
    }
    return 0;
}
