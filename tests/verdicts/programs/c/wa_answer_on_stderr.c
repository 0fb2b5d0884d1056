#include <stdio.h>
int main(void) { fputs("3000000046\n3000000000\n", stderr); }
