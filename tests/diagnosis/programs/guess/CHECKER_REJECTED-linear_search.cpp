#include <iostream>
#include <string>

int main() {
    std::string answer;
    for (int number = 1; answer != "right"; number++) {
        std::cout << number << std::endl;
        if (!(std::cin >> answer)) return 0;
    }
}
