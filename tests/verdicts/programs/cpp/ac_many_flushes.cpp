#include <iostream>
int main() {
    for (int i = 0; i < 2000; i++) std::cerr << i << std::endl;
    std::cout << 3000000046 << std::endl << std::flush << 3000000000 << std::endl;
}
