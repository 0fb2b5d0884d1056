package main

import "os"

func main() {
	block := make([]byte, 1<<20)
	for {
		os.Stdout.Write(block)
	}
}
