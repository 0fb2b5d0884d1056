local n = io.read("n")
local sum, largest = 0, math.mininteger
for _ = 1, n do
  local x = io.read("n")
  sum = sum + x
  largest = math.max(largest, x)
end
print(sum)
print(largest)
