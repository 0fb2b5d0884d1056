package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	var n int
	fmt.Fscan(in, &n)
	var sum, largest, x int64 = 0, -1 << 62, 0
	for ; n > 0; n-- {
		fmt.Fscan(in, &x)
		sum += x
		if x > largest {
			largest = x
		}
	}
	fmt.Println(sum)
	fmt.Println(largest)
}
