#include <iostream>
int main() {
    int n;
    std::cin >> n;
    double sum = 0, number;
    for (int i = 0; i < n; i++) {
        std::cin >> number;
        sum += number;
    }
    std::cout << sum / n << std::endl;
}
