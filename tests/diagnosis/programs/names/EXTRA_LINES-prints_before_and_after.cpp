#include <algorithm>
#include <iostream>
#include <string>
#include <vector>
int main() {
    int n;
    std::cin >> n;
    std::vector<std::string> names(n);
    for (auto &name : names) {
        std::cin >> name;
        std::cout << "read " << name << "\n";
    }
    std::sort(names.begin(), names.end());
    for (auto &name : names) std::cout << name << "\n";
}
