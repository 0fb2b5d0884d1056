#include <string>
int main() { return std::stoi("no number"); }
