package main

func main() { answer := 1 }
