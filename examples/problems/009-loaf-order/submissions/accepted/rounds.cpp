#include <iostream>
#include <vector>

int main() {
    int n, order;
    std::cin >> n >> order;
    std::vector<int> weights(n);
    for (int &weight : weights) std::cin >> weight;
    std::vector<int> loaves(order + 1, -1), now{0};
    loaves[0] = 0;
    for (int count = 1; !now.empty(); ++count) {
        std::vector<int> next;
        for (int total : now)
            for (int weight : weights)
                if (total + weight <= order && loaves[total + weight] < 0) {
                    loaves[total + weight] = count;
                    next.push_back(total + weight);
                }
        now = next;
    }
    std::cout << loaves[order] << '\n';
}
