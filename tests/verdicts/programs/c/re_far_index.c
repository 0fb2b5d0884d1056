static volatile int table[10];
int main(void)
{
    volatile long at = 1L << 36;
    return table[at];
}
