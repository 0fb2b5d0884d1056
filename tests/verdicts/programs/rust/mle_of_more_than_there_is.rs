fn main() {
    let n = std::env::args().count() << 50;
    let all: Vec<u8> = Vec::with_capacity(n);
    println!("{}", all.capacity());
}
