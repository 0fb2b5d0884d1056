#include <iostream>

int main() {
    int n;
    std::cin >> n;
    for (int lantern = 2; lantern <= n; lantern += 2) std::cout << lantern << ' ';
    for (int lantern = 1; lantern <= n; lantern += 2) std::cout << lantern << ' ';
}
