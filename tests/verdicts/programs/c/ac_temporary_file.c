#include <stdio.h>
int main(void)
{
    long long a = 0, b = 0;
    FILE *file = fopen("/tmp/notes", "w+");
    if (!file)
        return 1;
    fprintf(file, "3000000046 3000000000");
    rewind(file);
    fscanf(file, "%lld%lld", &a, &b);
    printf("%lld\n%lld\n", a, b);
}
