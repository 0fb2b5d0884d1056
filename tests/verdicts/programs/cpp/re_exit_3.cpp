#include <cstdio>
#include <cstdlib>
int main() {
    std::puts("3000000046\n3000000000");
    std::exit(3);
}
