struct point { int x, y; };
int main(void)
{
    struct point here = {1, 2};
    return here;
}
