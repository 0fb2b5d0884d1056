int main(void)
{
    volatile char *text = (volatile char *)"constant";
    text[0] = 'C';
}
