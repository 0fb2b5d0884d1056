fn main() {
    println!("{}", "no number".parse::<i64>().unwrap());
}
