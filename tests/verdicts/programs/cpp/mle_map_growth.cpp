#include <array>
#include <map>
int main() {
    std::map<long, std::array<char, 4000>> seen;
    for (long i = 0;; i++) seen[i].fill(1);
}
