#include <vector>
int main() {
    volatile unsigned long much = 1ul << 50;
    std::vector<char> all(much);
    return all[0];
}
