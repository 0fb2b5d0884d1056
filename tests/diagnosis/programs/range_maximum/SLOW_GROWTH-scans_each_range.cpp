#include <iostream>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n, q;
    std::cin >> n >> q;
    std::vector<int> row(n);
    for (auto &value : row) std::cin >> value;
    while (q--) {
        int l, r;
        std::cin >> l >> r;
        volatile int best = row[l - 1];
        for (int i = l - 1; i < r; i++)
            for (int again = 0; again < 4; again++)
                if (row[i] > best) best = row[i];
        std::cout << best << "\n";
    }
}
