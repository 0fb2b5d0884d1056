#include <iostream>
static long depth(long n, volatile long *above) {
    volatile long here = n + *above;
    return n < 0 ? 0 : 1 + depth(n + 1, &here) + here;
}
int main() {
    volatile long start = 0;
    std::cout << depth(0, &start);
}
