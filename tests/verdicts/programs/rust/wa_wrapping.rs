fn main() {
    let all = [1i32, -2, 3000000000i64 as i32, 40, 7];
    println!("{}", all.iter().fold(0i32, |a, b| a.wrapping_add(*b)));
    println!("{}", all.iter().max().unwrap());
}
