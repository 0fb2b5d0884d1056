#include <iostream>

int main() {
    long long a, b;
    std::cin >> a >> b;
    volatile unsigned long long beats = 0;
    while (true) ++beats;
}
