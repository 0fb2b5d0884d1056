#include <stdlib.h>
#include <string.h>
static void visit(int depth)
{
    char *volatile block = malloc(4096);
    memset(block, 1, 4096);
    visit(depth + 1);
    *block = 2;
}
int main(void) { visit(0); }
