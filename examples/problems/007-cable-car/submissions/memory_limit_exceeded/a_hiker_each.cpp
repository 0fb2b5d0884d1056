#include <iostream>
#include <vector>

int main() {
    int n;
    long long seats, group;
    std::cin >> n >> seats;
    std::vector<int> hikers;
    for (int i = 0; i < n; ++i) {
        std::cin >> group;
        for (long long one = 0; one < group; ++one) hikers.push_back(i);
    }
    long long cabins = 0, left = 0, empty = 0;
    for (std::size_t first = 0, next; first < hikers.size(); first = next) {
        for (next = first; next < hikers.size() && hikers[next] == hikers[first];) ++next;
        long long size = next - first;
        if (size > left) {
            ++cabins;
            empty += left;
            left = seats;
        }
        left -= size;
    }
    std::cout << cabins << ' ' << empty + left << '\n';
}
