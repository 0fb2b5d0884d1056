#include <cstdio>
#include <thread>
int main() {
    long long a = 0, b = 0;
    std::thread one([&] { a = 3000000046; }), other([&] { b = 3000000000; });
    one.join();
    other.join();
    std::printf("%lld\n%lld\n", a, b);
}
