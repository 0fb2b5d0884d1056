#include <iostream>

int main() {
    int n;
    std::cin >> n;
    while (n--) {
        long long b, e, m, rest = 1;
        std::cin >> b >> e >> m;
        for (long long i = 0; i < e; i++) rest = rest * b % m;
        std::cout << rest << "\n";
    }
}
