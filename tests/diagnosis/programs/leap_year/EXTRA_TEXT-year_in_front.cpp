#include <iostream>
int main() {
    int year;
    std::cin >> year;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    std::cout << year << " " << (leap ? "Yes" : "No") << "\n";
}
