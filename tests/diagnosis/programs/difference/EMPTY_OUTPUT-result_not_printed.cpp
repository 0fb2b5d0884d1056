#include <iostream>

long long subtract(long long a, long long b) { return a - b; }

int main() {
    long long a, b;
    std::cin >> a >> b;
    subtract(a, b);
}
