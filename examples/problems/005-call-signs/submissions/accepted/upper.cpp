#include <algorithm>
#include <cctype>
#include <iostream>
#include <string>

static std::string tiles(std::string sign) {
    for (char &letter : sign) letter = std::toupper(static_cast<unsigned char>(letter));
    std::sort(sign.begin(), sign.end());
    return sign;
}

int main() {
    int pairs;
    std::string a, b;
    std::cin >> pairs;
    while (pairs-- > 0) {
        std::cin >> a >> b;
        std::cout << (tiles(a) == tiles(b) ? "YES" : "NO") << '\n';
    }
}
