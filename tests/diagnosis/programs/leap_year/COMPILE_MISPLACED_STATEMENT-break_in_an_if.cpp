#include <iostream>

int main() {
    int year;
    std::cin >> year;
    if (year % 400 == 0) {
        std::cout << "Yes\n";
        break;
    }
    std::cout << (year % 4 == 0 && year % 100 != 0 ? "Yes\n" : "No\n");
}
