static long depth(volatile long n) { return 1 + depth(n + 1) + n; }
int main(void) { return (int)depth(0); }
