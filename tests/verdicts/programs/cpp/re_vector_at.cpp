#include <vector>
int main() {
    std::vector<int> all(3);
    return all.at(3);
}
