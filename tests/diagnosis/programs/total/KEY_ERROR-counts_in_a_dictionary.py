n = int(input())
counts = {}
for word in input().split():
    counts[word] += 1
print(sum(int(word) * count for word, count in counts.items()))
