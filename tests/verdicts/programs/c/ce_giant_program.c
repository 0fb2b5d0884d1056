char table[1L << 32] = {1};
int main(void) { return table[0]; }
