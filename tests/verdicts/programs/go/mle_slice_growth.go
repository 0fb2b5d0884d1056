package main

import "fmt"

func main() {
	var all []int
	for i := 0; i >= 0; i++ {
		all = append(all, i)
	}
	fmt.Println(len(all))
}
