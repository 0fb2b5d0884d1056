#include <iostream>
#include <queue>
#include <string>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    int n, q, a, b;
    std::string event;
    std::cin >> n >> q;
    std::vector<std::vector<int>> lines(n + 1);
    while (q-- > 0) {
        std::cin >> event >> a >> b;
        if (event == "open") {
            lines[a].push_back(b);
            lines[b].push_back(a);
            continue;
        }
        std::vector<bool> seen(n + 1);
        std::queue<int> todo;
        todo.push(a);
        seen[a] = true;
        while (!todo.empty() && !seen[b]) {
            int island = todo.front();
            todo.pop();
            for (int next : lines[island])
                if (!seen[next]) {
                    seen[next] = true;
                    todo.push(next);
                }
        }
        std::cout << (seen[b] ? "ferry" : "swim") << '\n';
    }
}
