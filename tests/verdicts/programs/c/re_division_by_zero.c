int main(void)
{
    volatile int one = 7, zero = 0;
    return one / zero;
}
