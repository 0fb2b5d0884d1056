template <long N, long M> struct Bomb {
    static constexpr long value = Bomb<N - 1, M * 2>::value + Bomb<N - 1, M * 2 + 1>::value;
};
template <long M> struct Bomb<0, M> { static constexpr long value = M; };
int main() { return Bomb<40, 1>::value; }
