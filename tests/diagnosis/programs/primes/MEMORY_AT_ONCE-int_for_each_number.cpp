#include <iostream>
#include <vector>

int main() {
    int n, count = 0;
    std::cin >> n;
    std::vector<long long> smallest(50000000, 1);
    for (long long p = 2; p <= n; p++) {
        if (smallest[p] != 1) continue;
        count++;
        for (long long m = p * p; m <= n; m += p) smallest[m] = p;
    }
    std::cout << count << "\n";
}
