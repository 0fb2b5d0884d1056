#include <memory>
struct Node {
    std::shared_ptr<Node> next;
    long values[100] = {1};
};
int main() {
    for (;;) {
        auto node = std::make_shared<Node>();
        node->next = node;
    }
}
