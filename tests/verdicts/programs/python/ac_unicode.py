import sys

print("합계는 표준 오류로 ☃", file=sys.stderr)
합계 = 3000000046
print(합계, 3000000000)
