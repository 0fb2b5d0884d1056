int main() { asm("reads the mind of the judge"); }
