static volatile char table[256 << 20];
int main(void)
{
    for (long i = 0; i < (256 << 20); i += 4096)
        table[i] = 1;
}
