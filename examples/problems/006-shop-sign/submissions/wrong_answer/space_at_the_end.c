#include <stdio.h>
#include <string.h>

int main(void) {
    int n, width = 0;
    static char lines[100][64];
    if (scanf("%d ", &n) != 1) return 1;
    for (int i = 0; i < n; i++) {
        if (!fgets(lines[i], sizeof lines[i], stdin)) return 1;
        lines[i][strcspn(lines[i], "\n")] = 0;
        if ((int)strlen(lines[i]) > width) width = strlen(lines[i]);
    }
    for (int i = 0; i < width + 4; i++) putchar('*');
    puts("");
    for (int i = 0; i < n; i++) {
        int free = width - (int)strlen(lines[i]), left = free / 2, right = free - left;
        printf("* %*s%s%*s * \n", left, "", lines[i], right, "");
    }
    for (int i = 0; i < width + 4; i++) putchar('*');
    puts("");
    return 0;
}
