struct Shape {
    virtual int area() = 0;
};
int main() {
    Shape *volatile shape = nullptr;
    return shape->area();
}
