#include <vector>
static long visit(std::vector<int> all) {
    all.push_back(1);
    return visit(all) + all[0];
}
int main() { return visit(std::vector<int>(1000, 1)) > 0; }
