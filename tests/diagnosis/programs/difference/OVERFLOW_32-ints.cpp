#include <iostream>
using namespace std;

int main() {
    long long a, b;
    cin >> a >> b;
    int result = a - b;
    cout << result << endl;
}
