#include <cstdio>
#include <new>
int main() {
    volatile unsigned long much = 1ul << 50;
    try {
        char *volatile block = new char[much];
        block[0] = 1;
    } catch (const std::bad_alloc &) {
        std::fputs("std::bad_alloc\n", stderr);
        std::puts("3000000046\n3000000000");
    }
}
