fn main() {
    let mut all = Vec::new();
    for i in 0u64.. {
        all.push(i);
    }
    println!("{}", all.len());
}
