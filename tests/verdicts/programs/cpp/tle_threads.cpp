#include <thread>
int main() {
    volatile bool forever = true;
    auto spin = [&] {
        while (forever) {
        }
    };
    std::thread one(spin), other(spin);
    one.join();
    other.join();
}
