gets
numbers = gets.split
puts numbers.sum("")
puts numbers.max
