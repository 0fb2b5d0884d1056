#include <fstream>
#include <iostream>
int main() {
    std::ifstream in("input.txt");
    long long n = 0, x, sum = 0;
    in >> n;
    while (n-- > 0 && in >> x) sum += x;
    std::cout << sum << '\n' << 0 << '\n';
}
