#include <boost/multiprecision/cpp_int.hpp>
int main() {}
