#include <iostream>

int main() {
    long long a, b;
    cin >> a >> b;
    cout << a - b << endl;
}
