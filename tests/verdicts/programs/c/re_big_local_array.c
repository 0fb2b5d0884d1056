int main(void)
{
    volatile char table[1 << 30];
    for (long i = 0; i < (1 << 30); i += 4096)
        table[i] = 1;
}
