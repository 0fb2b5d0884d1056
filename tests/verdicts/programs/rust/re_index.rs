fn main() {
    let all = vec![1, 2, 3];
    let at = all.len() + std::env::args().count();
    println!("{}", all[at]);
}
