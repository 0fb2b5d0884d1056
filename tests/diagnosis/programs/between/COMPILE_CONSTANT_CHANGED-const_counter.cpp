#include <iostream>

int main() {
    int a, b;
    const int count = 0;
    std::cin >> a >> b;
    for (int n = a; n <= b; n++) count++;
    std::cout << count << "\n";
}
