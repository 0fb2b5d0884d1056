#include <stdio.h>
int main(void) { puts("30000000463000000000"); }
