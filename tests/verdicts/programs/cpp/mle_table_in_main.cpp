#include <iostream>
#include <vector>
int main() {
    std::vector<std::vector<int>> table(10000, std::vector<int>(10000, 1));
    std::cout << table[5][5];
}
