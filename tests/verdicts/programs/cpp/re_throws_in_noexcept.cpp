static void never() noexcept { throw 1; }
int main() { never(); }
