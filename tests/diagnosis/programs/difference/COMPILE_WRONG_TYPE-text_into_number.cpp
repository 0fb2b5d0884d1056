#include <iostream>
#include <string>

int main() {
    std::string a, b;
    std::cin >> a >> b;
    long long result = a;
    std::cout << result << "\n";
}
