package main

import "fmt"

func main() {
	var n int
	fmt.Scan(&n)
	var sum, largest int32
	for ; n > 0; n-- {
		var x int64
		fmt.Scan(&x)
		sum += int32(x)
		if int32(x) > largest {
			largest = int32(x)
		}
	}
	fmt.Println(sum, largest)
}
