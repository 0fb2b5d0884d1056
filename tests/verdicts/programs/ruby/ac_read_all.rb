_, *numbers = STDIN.read.split.map(&:to_i)
print numbers.sum, " ", numbers.max
