#include <stdio.h>
int main(void) { printf("\n\n  3000000046\t\t3000000000   \n\n\n"); }
