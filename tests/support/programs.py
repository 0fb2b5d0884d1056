"""Small programs in every language of the judge, one for each outcome of a run."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Programs:
    """Sources in one language.

    `total` reads two numbers from a line and prints their sum. `broken` does not compile. `failing`
    ends with its own error. `hungry` allocates memory without end. `endless` never ends and uses
    the CPU.
    """

    total: str
    broken: str
    failing: str
    hungry: str
    endless: str


C = Programs(
    total="""#include <stdio.h>
int main(void) { int a, b; scanf("%d%d", &a, &b); printf("%d\\n", a + b); }
""",
    broken="int main(void) { return undeclared; }\n",
    failing="#include <stdlib.h>\nint main(void) { abort(); }\n",
    hungry="""#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
    for (;;) { char *p = malloc(1 << 20); memset(p, 1, 1 << 20); putchar(p[9]); }
}
""",
    endless="int main(void) { for (volatile long i = 0;; i++); }\n",
)
CPP = Programs(
    total="""#include <bits/stdc++.h>
int main() { int a, b; std::cin >> a >> b; std::cout << a + b << "\\n"; }
""",
    broken="#include <string>\nint main() { std::string s = 1; return undeclared; }\n",
    failing='#include <stdexcept>\nint main() { throw std::runtime_error("no"); }\n',
    hungry="""#include <vector>
int main() { std::vector<int> v; for (;;) v.insert(v.end(), 1 << 20, 7); }
""",
    endless=C.endless,
)
OLDER_CPP = replace(CPP, total=CPP.total.replace("bits/stdc++.h", "iostream"))
PYTHON = Programs(
    total="print(sum(map(int, input().split())))\n",
    broken="def f(:\n    pass\n",
    failing="print(1 // 0)\n",
    hungry="x = []\nwhile True:\n    x.append(bytearray(1 << 20))\n",
    endless="while True:\n    pass\n",
)
JAVASCRIPT = Programs(
    total="""const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);
console.log(a + b);
""",
    broken="function (\n",
    failing="null.x;\n",
    hungry="const kept = []; for (;;) kept.push(new Array(1 << 16).fill(1.5));\n",
    endless="for (;;);\n",
)
LUA = Programs(
    total="""local a, b = io.read("*n", "*n")
print(a + b)
""",
    broken="local x = = 1\n",
    failing='error("no")\n',
    hungry="""local kept = {}
while true do kept[#kept + 1] = string.rep("x", 1000) .. #kept end
""",
    endless="while true do end\n",
)

PROGRAMS = {
    "python": PYTHON,
    "pypy": PYTHON,
    "c": C,
    "cpp": CPP,
    "cpp14": OLDER_CPP,
    "cpp17": OLDER_CPP,
    "cpp23": OLDER_CPP,
    "javascript": JAVASCRIPT,
    "typescript": Programs(
        total="""import * as fs from 'fs';
const [a, b]: number[] = fs.readFileSync(0, 'utf8').split(' ').map(Number);
console.log(a + b);
""",
        broken="const a: number = 'text';\n",
        failing="throw new Error('no');\n",
        hungry="const kept: number[][] = []; for (;;) kept.push(new Array(1 << 16).fill(1.5));\n",
        endless="for (;;);\n",
    ),
    "java": Programs(
        total="""import java.util.*;
public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        System.out.println(in.nextInt() + in.nextInt());
    }
}
""",
        broken="public class Main { public static void main(String[] args) { int a = b; } }\n",
        failing="class Main { public static void main(String[] args) { args[9] = null; } }\n",
        hungry="""import java.util.*;
public class Main {
    public static void main(String[] args) {
        List<int[]> kept = new ArrayList<>();
        for (;;) kept.add(new int[1 << 18]);
    }
}
""",
        endless="public class Main { public static void main(String[] args) { for (;;); } }\n",
    ),
    "kotlin": Programs(
        total="""fun main() {
    val (a, b) = readLine()!!.trim().split(" ").map { it.toInt() }
    println(a + b)
}
""",
        broken='fun main() { val a: Int = "text" }\n',
        failing='fun main() { error("no") }\n',
        hungry="""fun main() {
    val kept = ArrayList<IntArray>()
    while (true) kept.add(IntArray(1 shl 18))
}
""",
        endless="fun main() { while (true) {} }\n",
    ),
    "csharp": Programs(
        total="""using System;
using System.Linq;
class Program {
    static void Main() { Console.WriteLine(Console.ReadLine().Split().Select(int.Parse).Sum()); }
}
""",
        broken="class Program { static void Main() { int a = b; } }\n",
        failing='class Program { static void Main() { throw new System.Exception("no"); } }\n',
        hungry="""using System.Collections.Generic;
class Program {
    static void Main() { var kept = new List<int[]>(); for (;;) kept.Add(new int[1 << 18]); }
}
""",
        endless="class Program { static void Main() { for (;;) {} } }\n",
    ),
    "commonlisp": Programs(
        total='(format t "~d~%" (+ (read) (read)))\n',
        broken="(defun f (x)\n",
        failing='(error "no")\n',
        hungry="""(let ((kept nil))
  (loop (push (make-array 100000) kept)))
""",
        endless="(loop)\n",
    ),
    "rust": Programs(
        total="""use std::io::*;
fn main() {
    let mut line = String::new();
    stdin().read_to_string(&mut line).unwrap();
    println!("{}", line.split_whitespace().map(|x| x.parse::<i64>().unwrap()).sum::<i64>());
}
""",
        broken='fn main() { let a: i32 = "text"; }\n',
        failing='fn main() { panic!("no"); }\n',
        hungry="""fn main() {
    let mut kept: Vec<Vec<u64>> = Vec::new();
    loop { kept.push(vec![7; 1 << 17]); if kept.len() == usize::MAX { println!("{:?}", kept); } }
}
""",
        endless="fn main() { loop {} }\n",
    ),
    "go": Programs(
        total="""package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	var a, b int
	fmt.Fscan(bufio.NewReader(os.Stdin), &a, &b)
	fmt.Println(a + b)
}
""",
        broken="package main\n\nfunc main() { var a int = undeclared }\n",
        failing='package main\n\nfunc main() { panic("no") }\n',
        hungry="""package main

func main() {
	kept := [][]int{}
	for {
		kept = append(kept, make([]int, 1<<17))
		kept[len(kept)-1][len(kept)%1000] = len(kept)
		for i := range kept[len(kept)-1] {
			kept[len(kept)-1][i] = i
		}
	}
}
""",
        endless="package main\n\nfunc main() { for {} }\n",
    ),
    "d": Programs(
        total="""import std.stdio;
void main() { int a, b; readf(" %d %d", &a, &b); writeln(a + b); }
""",
        broken='void main() { int a = "text"; }\n',
        failing='void main() { throw new Exception("no"); }\n',
        hungry="""void main() {
    int[][] kept;
    for (;;) { kept ~= new int[1 << 18]; kept[$ - 1][] = 7; }
}
""",
        endless="void main() { for (;;) {} }\n",
    ),
    "nim": Programs(
        total="""import strutils, sequtils, math
echo stdin.readLine.splitWhitespace.map(parseInt).sum
""",
        broken='var a: int = "text"\n',
        failing='raise newException(ValueError, "no")\n',
        hungry="""import sequtils
var kept: seq[seq[int]]
while true: kept.add(newSeqWith(1 shl 17, 7))
""",
        endless="var i = 0\nwhile true: i = (i + 1) mod 1000\n",
    ),
    "pascal": Programs(
        total="var a, b: longint;\nbegin\n  read(a, b);\n  writeln(a + b);\nend.\n",
        broken="begin\n  writeln(undeclared);\nend.\n",
        failing="begin\n  halt(3);\nend.\n",
        hungry="""var p: pointer;
begin
  while true do begin getmem(p, 1048576); fillchar(p^, 1048576, 7); end;
end.
""",
        endless="begin\n  while true do;\nend.\n",
    ),
    "fortran": Programs(
        total="""program main
  integer :: a, b
  read *, a, b
  print '(i0)', a + b
end program
""",
        broken="program main\n  implicit none\n  a = 1\nend program\n",
        failing="program main\n  stop 3\nend program\n",
        hungry="""program main
  type node
    integer, allocatable :: data(:)
  end type
  type(node), allocatable :: kept(:)
  integer :: i
  allocate(kept(100000))
  do i = 1, 100000
    allocate(kept(i)%data(262144))
    kept(i)%data = i
  end do
  print *, sum(kept(7)%data)
end program
""",
        endless="""program main
  integer, volatile :: i
  do
    i = mod(i, 1000) + 1
  end do
end program
""",
    ),
    "haskell": Programs(
        total="""main :: IO ()
main = interact (\\s -> show (sum (map read (words s) :: [Int])) ++ "\\n")
""",
        broken='main :: IO ()\nmain = putStrLn (1 + "text")\n',
        failing='main :: IO ()\nmain = error "no"\n',
        hungry="""main :: IO ()
main = let x = [1 :: Integer ..] in print (length x + fromInteger (last x))
""",
        endless="""main :: IO ()
main = mapM_ (\\i -> if i < (0 :: Int) then print i else pure ()) (cycle [1, 2])
""",
    ),
    "ocaml": Programs(
        total='let () = Scanf.scanf " %d %d" (fun a b -> Printf.printf "%d\\n" (a + b))\n',
        broken='let a : int = "text"\n',
        failing='let () = failwith "no"\n',
        hungry="""let kept = ref []
let () = while true do kept := Bytes.make 1048576 'x' :: !kept done
""",
        endless="let () = while true do () done\n",
    ),
    "ruby": Programs(
        total="puts gets.split.map(&:to_i).sum\n",
        broken="def f(\n",
        failing="raise 'no'\n",
        hungry="kept = []\nloop { kept << 'x' * (1 << 20) }\n",
        endless="loop {}\n",
    ),
    "php": Programs(
        total="<?php\nfscanf(STDIN, '%d %d', $a, $b);\necho $a + $b, \"\\n\";\n",
        broken="<?php\n$a = = 1;\n",
        failing="<?php\nthrow new Exception('no');\n",
        hungry="<?php\n$kept = [];\nwhile (true) $kept[] = str_repeat('x', 1 << 20);\n",
        endless="<?php\nwhile (true);\n",
    ),
    "perl": Programs(
        total='my ($a, $b) = split " ", <STDIN>;\nprint $a + $b, "\\n";\n',
        broken="use strict;\nprint $undeclared;\n",
        failing="die 'no';\n",
        hungry="my @kept;\nwhile (1) { my $x = 'x' x 1048576; push @kept, $x }\n",
        endless="while (1) {}\n",
    ),
    "lua": LUA,
    "luajit": LUA,
    "bash": Programs(
        total="read -r a b\necho $((a + b))\n",
        broken="if true; then\n",
        failing="exit 3\n",
        hungry="x=xxxxxxxxxxxxxxxx\nwhile :; do x=$x$x; done\n",
        endless="while :; do :; done\n",
    ),
    "awk": Programs(
        total="{ print $1 + $2 }\n",
        broken="BEGIN { print ( }\n",
        failing="BEGIN { exit 3 }\n",
        hungry='BEGIN { for (;;) kept[n++] = sprintf("%1000d", n) }\n',
        endless="BEGIN { for (;;) n = 1 }\n",
    ),
}

# One allocation that no host has room for, which the language's runtime is refused at once.
GREEDY = {
    "python": "x = bytearray(1 << 45)\n",
    "pypy": "x = bytearray(1 << 45)\n",
    "cpp": "#include <vector>\nint main() { std::vector<char> v(1ul << 45); return v[7]; }\n",
    "javascript": "new ArrayBuffer(2 ** 45);\n",
    "java": "class Main { public static void main(String[] a) { int[] x = new int[1 << 30]; } }\n",
    "csharp": "class P { static void Main() { System.Console.Write(new long[1 << 28][7]); } }\n",
    "commonlisp": "(print (aref (make-array (+ 1000000000 (random 2))) 7))\n",
    "rust": 'fn main() { println!("{:?}", vec![7u8; 1 << 45]); }\n',
    "d": "import std.stdio;\nvoid main() { auto x = new byte[1L << 45]; writeln(x[7]); }\n",
    "nim": "var x = newSeq[byte](1 shl 45)\necho x[7]\n",
    "pascal": "var p: pointer;\nbegin\n  getmem(p, ptruint(1) shl 45);\nend.\n",
    "ruby": "x = 'x' * (1 << 45)\n",
    "php": "<?php\n$x = str_repeat('x', 1 << 35);\n",
    "perl": "my $n = 1 << 45;\nmy $x = 'x' x $n;\nprint length $x;\n",
}
