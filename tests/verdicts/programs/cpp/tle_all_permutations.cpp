#include <algorithm>
#include <iostream>
#include <numeric>
#include <vector>
int main() {
    std::vector<int> all(14);
    std::iota(all.begin(), all.end(), 0);
    long count = 0;
    do count += all[0] < all[13];
    while (std::next_permutation(all.begin(), all.end()));
    std::cout << count;
}
