#include <fstream>
#include <iostream>

int main() {
    std::ifstream in("input.txt");
    long long a = 0, b = 0;
    in >> a >> b;
    std::cout << a - b << "\n";
}
