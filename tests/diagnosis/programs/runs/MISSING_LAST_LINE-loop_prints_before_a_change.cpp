#include <iostream>
#include <string>
int main() {
    std::string text;
    std::cin >> text;
    int count = 1;
    for (size_t i = 1; i < text.size(); i++) {
        if (text[i] == text[i - 1]) {
            count++;
        } else {
            std::cout << text[i - 1] << ' ' << count << '\n';
            count = 1;
        }
    }
}
