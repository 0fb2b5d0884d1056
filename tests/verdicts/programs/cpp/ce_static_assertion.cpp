static_assert(sizeof(void *) == 2, "not here");
int main() {}
