fn main() {
    let mut x = 1u64;
    while x != 0 {
        x = x.wrapping_mul(3) | 1;
    }
    println!("{}", x);
}
