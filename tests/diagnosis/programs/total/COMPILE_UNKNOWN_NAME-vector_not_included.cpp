#include <iostream>
int main() {
    int n;
    std::cin >> n;
    vector<int> numbers(n);
    long long total = 0;
    for (int i = 0; i < n; i++) {
        std::cin >> numbers[i];
        total += numbers[i];
    }
    std::cout << total;
}
