// Fibonacci search: one call a step, as the other height of each pair is known already.
#include <iostream>
#include <map>
#include <vector>

static int n;
static std::map<int, long> known;

static long height(int post) {
    if (post > n) return -post;  // beyond the last post it goes further down
    auto [place, is_new] = known.try_emplace(post);
    if (is_new) {
        std::cout << "? " << post << std::endl;
        std::cin >> place->second;
    }
    return place->second;
}

int main() {
    std::cin >> n;
    std::vector<int> steps{1, 2};
    while (steps.back() < n + 1) steps.push_back(steps.back() + steps.end()[-2]);
    int before = 0;
    for (int at = static_cast<int>(steps.size()) - 1; at >= 2; at--) {
        const int left = before + steps[at - 2], right = before + steps[at - 1];
        if (height(left) < height(right)) before = left;
    }
    std::cout << "! " << before + 1 << std::endl;
}
