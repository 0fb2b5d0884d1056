#include <thread>
int main() {
    std::thread one([] { throw 1; });
    one.join();
}
