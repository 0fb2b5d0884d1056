"""Languages that are compiled for a virtual machine or another runtime."""

from pathlib import Path

from judge.languages import failures
from judge.languages.spec import GIB_KB, MIB_KB, Grace, LanguageSpec, tool_paths

# While a StackOverflowError unwinds, it needs up to seven times the stack size (-Xss).
_JVM_GRACE = Grace(
    time_multiplier=2.0,
    time_extra_ms=500,
    memory_extra_kb=512 * MIB_KB,
    address_space_kb=None,
    processes=128,
)
_JVM = ("{java}", "-Xmx{memory_mb}m", "-Xss64m", "-XX:+UseSerialGC")
_NO_MEMORY_ON_JVM = (b"java.lang.OutOfMemoryError",)
_MAIN = "The judge runs the method `main` of a class `Main` that is in no package."

_NODE_GRACE = Grace(time_multiplier=2.0, memory_extra_kb=128 * MIB_KB, address_space_kb=None)
_NODE = ("{node}", "--max-old-space-size={memory_mb}", "--stack-size=32000", "main.js")
_NO_MEMORY_ON_NODE = (
    b"heap out of memory",
    b"Array buffer allocation failed",
)

JAVASCRIPT = LanguageSpec(
    id="javascript",
    name="JavaScript",
    aliases=("js", "node", "nodejs"),
    file_name="main.js",
    extensions=(".mjs",),
    tools={"node": tool_paths("node", "nodejs")},
    version=("{node}", "--version"),
    compile=("{node}", "--check", "main.js"),
    run=_NODE,
    hello="console.log('hello');\n",
    packages="nodejs",
    check=True,
    grace=_NODE_GRACE,
    memory_errors=_NO_MEMORY_ON_NODE,
    failures=failures.JAVASCRIPT,
)

TYPESCRIPT = LanguageSpec(
    id="typescript",
    name="TypeScript",
    aliases=("ts", "tsc"),
    file_name="main.ts",
    tools={"node": tool_paths("node", "nodejs"), "tsc": tool_paths("tsc")},
    version=("{node}", "{tsc}", "--version"),
    compile=(
        *("{node}", "{tsc}", "--target", "es2021", "--lib", "es2021", "--module", "commonjs"),
        *("--moduleDetection", "force", "--skipLibCheck", "--pretty", "false"),
        *("main.ts", "node.d.ts"),
    ),
    shown_compile="tsc --target es2021 --lib es2021 --module commonjs main.ts",
    run=_NODE,
    hello="const word: string = 'hello';\nconsole.log(word);\n",
    packages="nodejs node-typescript",
    product="main.js",
    support=(("node.d.ts", (Path(__file__).parent / "node.d.ts").read_text()),),
    grace=_NODE_GRACE,
    compile_cpu_ms=20_000,
    compile_memory_kb=GIB_KB,
    memory_errors=_NO_MEMORY_ON_NODE,
    failures=failures.TYPESCRIPT,
)

JAVA = LanguageSpec(
    id="java",
    name="Java",
    aliases=("java17", "openjdk", "jdk"),
    file_name="Main.java",
    tools={"java": tool_paths("java"), "javac": tool_paths("javac")},
    version=("{javac}", "-version"),
    compile=(
        *("{javac}", "-J-Xmx384m", "-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1"),
        *("-encoding", "UTF-8", "-d", ".", "Main.java"),
    ),
    run=(*_JVM, "Main"),
    hello="public class Main { public static void main(String[] a) "
    '{ System.out.println("hello"); } }\n',
    packages="default-jdk-headless",
    product="Main.class",
    shown_compile="javac -encoding UTF-8 Main.java",
    no_product=_MAIN,
    hints=(("should be declared in a file named", _MAIN),),
    grace=_JVM_GRACE,
    compile_cpu_ms=20_000,
    compile_memory_kb=GIB_KB,
    memory_errors=_NO_MEMORY_ON_JVM,
    failures=failures.JAVA,
)

KOTLIN = LanguageSpec(
    id="kotlin",
    name="Kotlin",
    aliases=("kt", "kotlinc"),
    file_name="main.kt",
    tools={"java": tool_paths("java"), "kotlinc": tool_paths("kotlinc")},
    version=("{kotlinc}", "-version"),
    compile=("{kotlinc}", "-J-Xmx512m", "-include-runtime", "-d", "main.jar", "main.kt"),
    run=(*_JVM, "-jar", "main.jar"),
    hello='fun main() { println("hello") }\n',
    packages="kotlin",
    product="main.jar",
    grace=_JVM_GRACE,
    compile_cpu_ms=40_000,
    compile_memory_kb=GIB_KB + 512 * MIB_KB,
    memory_errors=_NO_MEMORY_ON_JVM,
    failures=failures.KOTLIN,
)

CSHARP = LanguageSpec(
    id="csharp",
    name="C#",
    aliases=("cs", "c#", "mono", "mcs"),
    file_name="main.cs",
    tools={"mono": tool_paths("mono"), "mcs": tool_paths("mcs")},
    version=("{mcs}", "--version"),
    compile=("{mcs}", "-optimize+", "-define:ONLINE_JUDGE", "-out:main.exe", "main.cs"),
    run=("/usr/bin/env", "MONO_GC_PARAMS=max-heap-size={memory_mb}m", "{mono}", "main.exe"),
    hello='class Program { static void Main() { System.Console.WriteLine("hello"); } }\n',
    packages="mono-mcs",
    product="main.exe",
    grace=Grace(time_multiplier=2.0, memory_extra_kb=64 * MIB_KB, address_space_kb=None),
    compile_cpu_ms=20_000,
    memory_errors=(b"OutOfMemoryException", b"out of memory", b"Out of memory"),
    failures=failures.CSHARP,
)

COMMON_LISP = LanguageSpec(
    id="commonlisp",
    name="Common Lisp",
    aliases=("lisp", "sbcl", "cl"),
    file_name="main.lisp",
    extensions=(".cl",),
    tools={"sbcl": tool_paths("sbcl")},
    version=("{sbcl}", "--version"),
    compile=(
        *("{sbcl}", "--noinform", "--non-interactive", "--no-sysinit", "--no-userinit"),
        *("--eval", '(when (nth-value 2 (compile-file "main.lisp")) (exit :code 1))'),
    ),
    run=("{sbcl}", "--dynamic-space-size", "{memory_mb}MB", "--script", "main.fasl"),
    hello='(write-line "hello")\n',
    packages="sbcl",
    product="main.fasl",
    shown_compile="""sbcl --eval '(compile-file "main.lisp")'""",
    grace=Grace(time_multiplier=2.0, memory_extra_kb=96 * MIB_KB, address_space_kb=None),
    compile_cpu_ms=20_000,
    compile_memory_kb=GIB_KB,
    memory_errors=(b"Heap exhausted", b"HEAP-EXHAUSTED"),
    failures=failures.COMMON_LISP,
)

LANGUAGES = (JAVASCRIPT, TYPESCRIPT, JAVA, KOTLIN, CSHARP, COMMON_LISP)
