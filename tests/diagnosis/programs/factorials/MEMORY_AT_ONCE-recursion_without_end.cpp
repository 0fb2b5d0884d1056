#include <iostream>
#include <vector>
long long factorial(long long n, std::vector<long long> seen) {
    seen.push_back(n);
    return n * factorial(n - 1, seen);
}
int main() {
    long long n;
    std::cin >> n;
    std::cout << factorial(n, {}) << "\n";
}
