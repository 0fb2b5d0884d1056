gets
numbers = gets.split.map(&:to_i)
puts numbers.sum
puts numbers.max
