#include <signal.h>
int main(void) { raise(SIGXCPU); }
