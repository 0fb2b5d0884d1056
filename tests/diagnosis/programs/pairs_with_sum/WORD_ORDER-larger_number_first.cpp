#include <iostream>
#include <vector>

int main() {
    int n, s;
    std::cin >> n >> s;
    std::vector<int> row(n);
    for (auto &value : row) std::cin >> value;
    for (int a : row)
        for (int b : row)
            if (a > b && a + b == s) std::cout << a << " " << b << "\n";
}
