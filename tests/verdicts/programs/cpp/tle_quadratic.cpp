#include <iostream>
#include <vector>
int main() {
    std::vector<int> all(1000000, 1);
    while (!all.empty()) all.erase(all.begin());
    std::cout << all.size();
}
