package main

import "fmt"

func main() {
	var n int
	fmt.Scan(&n)
	all := make([]int, n)
	fmt.Println(all[n])
}
