#include <cstdio>
#include <stdexcept>
int main() {
    try {
        throw std::runtime_error("caught below");
    } catch (const std::exception &) {
        std::puts("3000000046\n3000000000");
    }
}
