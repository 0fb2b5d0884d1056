#include <iostream>
#include <set>
#include <string>

int main() {
    int n;
    std::cin >> n;
    std::multiset<std::string> names;
    for (std::string name; std::cin >> name;) names.insert(name);
    for (auto &name : names) std::cout << name << " ";
    std::cout << std::endl;
}
