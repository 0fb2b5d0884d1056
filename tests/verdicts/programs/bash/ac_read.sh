read -r n
read -r -a numbers
sum=0 largest=${numbers[0]}
for x in "${numbers[@]}"; do
  ((sum += x))
  ((x > largest)) && largest=$x
done
echo "$sum"
echo "$largest"
