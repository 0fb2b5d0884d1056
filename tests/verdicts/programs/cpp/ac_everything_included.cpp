#include <bits/stdc++.h>
using namespace std;
int main() {
    ios::sync_with_stdio(false);
    cin.tie(nullptr);
    int n;
    cin >> n;
    vector<long long> all(n);
    for (auto &x : all) cin >> x;
    cout << accumulate(all.begin(), all.end(), 0LL) << '\n' << *max_element(all.begin(), all.end());
}
