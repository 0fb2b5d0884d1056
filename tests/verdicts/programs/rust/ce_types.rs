fn main() {
    let answer: i32 = "42";
    println!("{}", answer);
}
