import subprocess
import sys

print(subprocess.run([sys.executable, "-c", "print(3000000046, 3000000000)"], capture_output=True, text=True).stdout)
