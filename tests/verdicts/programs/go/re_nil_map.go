package main

func main() {
	var seen map[int]int
	seen[1] = 1
}
