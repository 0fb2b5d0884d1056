#include <iostream>
#include <string>

int main() {
    std::string text;
    std::cin >> text;
    for (size_t at = 0; at < text.size();) {
        size_t end = at + 1;
        while (end < text.size() && text[end] == text[at]) end++;
        std::cout << text[at] << " " << end - at - 1 << "\n";
        at = end;
    }
}
