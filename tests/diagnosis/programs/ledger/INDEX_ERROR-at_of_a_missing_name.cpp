#include <iostream>
#include <map>
#include <string>

int main() {
    int n;
    std::cin >> n;
    std::map<std::string, long long> balances;
    while (n--) {
        std::string command, name;
        std::cin >> command >> name;
        if (command == "add") {
            long long amount;
            std::cin >> amount;
            balances.at(name) += amount;
        } else {
            std::cout << balances.at(name) << "\n";
        }
    }
}
