#include <iostream>
#include <map>
#include <string>

int main() {
    int n;
    std::cin >> n;
    std::map<std::string, long long> balances;
    while (n--) {
        std::string command, name;
        long long amount = 0;
        std::cin >> command >> name;
        if (command == "add") std::cin >> amount;
        balances[name] = amount;
        if (command == "show") std::cout << balances[name] << "\n";
    }
}
