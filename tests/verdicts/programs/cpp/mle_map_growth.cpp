#include <map>
int main() {
    std::map<long, long> seen;
    for (long i = 0;; i++) seen[i] = i;
}
