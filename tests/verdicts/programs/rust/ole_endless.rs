use std::io::Write;

fn main() {
    let block = vec![b'x'; 1 << 20];
    loop {
        std::io::stdout().write_all(&block).unwrap();
    }
}
