int main() { std::vector<int> all; }
