read -r n
read -r numbers
echo "$numbers"
