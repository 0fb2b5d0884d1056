constexpr int spin() { for (;;) {} return 0; }
static_assert(spin() == 0);
int main() {}
