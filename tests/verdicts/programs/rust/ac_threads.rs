use std::thread;

fn main() {
    let sum = thread::spawn(|| 3000000046i64).join().unwrap();
    println!("{} {}", sum, 3000000000i64);
}
