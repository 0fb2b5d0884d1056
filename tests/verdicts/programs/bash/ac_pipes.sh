tail -n 1 | tr ' ' '\n' | sort -n | awk '{ sum += $1; largest = $1 } END { printf "%d\n%d\n", sum, largest }'
