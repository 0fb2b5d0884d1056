#include <cstdio>
int main() {
    volatile int big = 2147483647;
    big = big + 1;
    std::puts("3000000046\n3000000000");
}
