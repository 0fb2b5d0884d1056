package main

import "fmt"

func main() {
	answers := make(chan int64)
	for i := 0; i < 1000; i++ {
		go func(i int) {
			answers <- int64(i)
		}(i)
	}
	var sum int64
	for i := 0; i < 1000; i++ {
		sum += <-answers
	}
	if sum == 499500 {
		fmt.Println("3000000046\n3000000000")
	}
}
