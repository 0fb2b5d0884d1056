#error "not today"
int main(void) { return 0; }
