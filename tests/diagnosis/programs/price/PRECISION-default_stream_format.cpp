#include <iostream>

int main() {
    int n;
    double sum = 0;
    std::cin >> n;
    while (n--) {
        int count;
        double price;
        std::cin >> count >> price;
        sum += count * price;
    }
    std::cout << sum << "\n";
}
