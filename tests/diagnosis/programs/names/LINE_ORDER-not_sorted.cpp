#include <iostream>
#include <string>

int main() {
    int n;
    std::cin >> n;
    while (n--) {
        std::string name;
        std::cin >> name;
        std::cout << name << "\n";
    }
}
