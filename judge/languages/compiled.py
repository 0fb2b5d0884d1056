"""Other languages that are compiled to machine code."""

from pathlib import Path

from judge.languages import failures
from judge.languages.spec import GIB_KB, MIB_KB, Grace, LanguageSpec, Precompiled, tool_paths

_GO_STD = "/opt/go-std"
_GO_COMPILE = f"""
export GOTOOLCHAIN=local GOTELEMETRY=off GOCACHE=/tmp/cache
"$1" tool compile -p main -complete -trimpath /box -importcfg {_GO_STD}/importcfg \
  -o /tmp/main.o main.go &&
exec "$1" tool link -s -w -importcfg {_GO_STD}/importcfg -o main /tmp/main.o
"""
_GO_MISSING = "The judge supports only the packages of the standard library that need no network."

RUST = LanguageSpec(
    id="rust",
    name="Rust",
    aliases=("rs", "rustc", "rust2021"),
    file_name="main.rs",
    tools={
        "rustc": (
            "/usr/local/rustup/toolchains/stable-*/bin/rustc",
            "/usr/local/rustup/toolchains/[0-9]*/bin/rustc",
            *tool_paths("rustc"),
        )
    },
    version=("{rustc}", "--version"),
    compile=(
        "{rustc}",
        "--edition",
        "2021",
        "-O",
        "--cfg",
        "online_judge",
        "-o",
        "main",
        "main.rs",
    ),
    run=("./main",),
    hello='fn main() { println!("hello"); }\n',
    packages="rustc",
    compile_cpu_ms=20_000,
    compile_memory_kb=GIB_KB,
    memory_errors=(b"memory allocation of", b"capacity overflow"),
    failures=failures.RUST,
)

GO = LanguageSpec(
    id="go",
    name="Go",
    aliases=("golang",),
    file_name="main.go",
    tools={"go": ("/usr/local/go/bin/go", *tool_paths("go"))},
    version=("{go}", "version"),
    compile=("/bin/sh", "-c", _GO_COMPILE, "sh", "{go}"),
    run=("./main",),
    hello='package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n',
    packages="golang-go",
    hints=(("could not import", _GO_MISSING),),
    grace=Grace(
        time_multiplier=1.5,
        memory_extra_kb=16 * MIB_KB,
        address_space_kb=768 * MIB_KB,
        processes=128,
    ),
    memory_errors=(b"out of memory", b"cannot allocate memory"),
    precompiled=Precompiled(
        command=(
            *("/bin/sh", "-c", (Path(__file__).parent / "go_std.sh").read_text(), "sh"),
            *("{go}", _GO_STD),
        ),
        path=_GO_STD,
        cpu_ms=180_000,
    ),
    shown_compile="go build -o main main.go",
    failures=failures.GO,
)

D = LanguageSpec(
    id="d",
    name="D",
    aliases=("dlang", "gdc"),
    file_name="main.d",
    tools={"gdc": tool_paths("gdc")},
    version=("{gdc}", "-dumpfullversion"),
    compile=("{gdc}", "-O2", "-frelease", "-fversion=OnlineJudge", "-o", "main", "main.d"),
    run=("./main",),
    hello='import std.stdio;\n\nvoid main() { writeln("hello"); }\n',
    packages="gdc",
    grace=Grace(memory_extra_kb=16 * MIB_KB),
    compile_cpu_ms=20_000,
    compile_memory_kb=GIB_KB,
    memory_errors=(b"OutOfMemoryError", b"Memory allocation failed"),
    failures=failures.D,
)

NIM = LanguageSpec(
    id="nim",
    name="Nim",
    aliases=(),
    file_name="main.nim",
    tools={"nim": tool_paths("nim"), "gcc": tool_paths("gcc")},
    version=("{nim}", "--version"),
    compile=(
        *("{nim}", "compile", "--define:release", "--define:onlineJudge", "--hints:off"),
        *("--nimcache:/tmp/nim", "--out:main", "main.nim"),
    ),
    run=("./main",),
    hello='echo "hello"\n',
    packages="nim gcc libc6-dev",
    compile_cpu_ms=20_000,
    memory_errors=(b"out of memory",),
    failures=failures.NIM,
)

PASCAL = LanguageSpec(
    id="pascal",
    name="Pascal",
    aliases=("pas", "fpc", "freepascal"),
    file_name="main.pas",
    tools={"fpc": tool_paths("fpc")},
    version=("{fpc}", "-iV"),
    compile=("{fpc}", "-O2", "-Sg", "-Xs", "-v0ew", "-l-", "-dONLINE_JUDGE", "-omain", "main.pas"),
    run=("./main",),
    hello="begin\n  writeln('hello');\nend.\n",
    packages="fp-compiler",
    memory_errors=(b"Runtime error 203", b"EOutOfMemory"),
)

FORTRAN = LanguageSpec(
    id="fortran",
    name="Fortran",
    aliases=("gfortran", "f90"),
    file_name="main.f90",
    tools={"gfortran": tool_paths("gfortran")},
    version=("{gfortran}", "-dumpfullversion"),
    compile=("{gfortran}", "-O2", "-o", "main", "main.f90"),
    run=("./main",),
    hello="program main\n  print '(a)', 'hello'\nend program\n",
    packages="gfortran",
    memory_errors=(b"Error allocating", b"memory limit exceeded", b"Insufficient virtual memory"),
    failures=failures.FORTRAN,
)

# Debian stores the package database of GHC below /var, which is not visible inside the sandbox.
_GHC_PACKAGES = "/opt/ghc-packages"

HASKELL = LanguageSpec(
    id="haskell",
    name="Haskell",
    aliases=("hs", "ghc"),
    file_name="main.hs",
    tools={"ghc": tool_paths("ghc")},
    version=("{ghc}", "--numeric-version"),
    compile=(
        *("{ghc}", "-O2", "-v0", "-rtsopts", "-clear-package-db", "-package-db", _GHC_PACKAGES),
        *("-outputdir", "/tmp", "-o", "main", "main.hs"),  # noqa: S108 - inside the sandbox
    ),
    run=("./main", "+RTS", "-M{memory_mb}m", "-K{memory_mb}m", "-RTS"),
    hello='main :: IO ()\nmain = putStrLn "hello"\n',
    packages="ghc",
    shown_compile="ghc -O2 -rtsopts -o main main.hs",
    grace=Grace(time_multiplier=1.5, memory_extra_kb=16 * MIB_KB, address_space_kb=None),
    compile_cpu_ms=30_000,
    compile_memory_kb=GIB_KB,
    precompiled=Precompiled(
        copy_of="/usr/lib/ghc/package.conf.d",
        path=_GHC_PACKAGES,
    ),
    memory_errors=(b"heap overflow", b"Heap exhausted", b"stack overflow", b"out of memory"),
)

OCAML = LanguageSpec(
    id="ocaml",
    name="OCaml",
    aliases=("ml", "ocamlopt"),
    file_name="main.ml",
    tools={"ocamlopt": tool_paths("ocamlopt")},
    version=("{ocamlopt}", "-version"),
    compile=(
        *("{ocamlopt}", "-O3", "unix.cmxa", "str.cmxa"),
        *("-o", "main", "main.ml"),
    ),
    run=("./main",),
    hello='let () = print_endline "hello"\n',
    packages="ocaml-nox",
    grace=Grace(time_multiplier=1.5),
    compile_cpu_ms=20_000,
    memory_errors=(b"Out_of_memory",),
    failures=failures.OCAML,
)

LANGUAGES = (RUST, GO, D, NIM, PASCAL, FORTRAN, HASKELL, OCAML)
