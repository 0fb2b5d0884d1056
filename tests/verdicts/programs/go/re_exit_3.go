package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("3000000046\n3000000000")
	os.Exit(3)
}
