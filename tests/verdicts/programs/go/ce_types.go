package main

func main() {
	var answer int = "42"
	_ = answer
}
