#include <stdio.h>
#include <string.h>
int main(void) {
    char *text = NULL;
    scanf("%s", text);
    printf("%c %d\n", text[0], (int)strlen(text));
    return 0;
}
