#include <stdio.h>

static char text[100000];

int main(void) {
    scanf("%99999s", text);
    int at = 0;
    while (text[at] != '\0') {
        int count = 0;
        char letter = text[at];
        while (letter == text[at] && count < 1) count++;
    }
    return 0;
}
