package main

import "fmt"

func main() {
	defer func() {
		if recover() != nil {
			fmt.Println("3000000046\n3000000000")
		}
	}()
	panic("recovered above")
}
