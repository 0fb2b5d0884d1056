local line = string.rep("x", 100000)
while true do print(line) end
