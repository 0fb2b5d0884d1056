#include <iostream>

static long height(int post) {
    long found = 0;
    std::cout << "? " << post << std::endl;
    std::cin >> found;
    return found;
}

int main() {
    int low = 1, high;
    std::cin >> high;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (height(middle) < height(middle + 1))
            low = middle + 1;
        else
            high = middle - 1;
    }
    std::cout << "! " << low << std::endl;
}
