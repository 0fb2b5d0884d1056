"""Languages whose source code is run directly, after a syntax check.

The syntax check makes it possible to distinguish a syntax error from a crash.
"""

from judge.languages import failures
from judge.languages.spec import MIB_KB, Grace, LanguageSpec, tool_paths

# For a syntax error, this script prints the same message as `python3 main.py`, without its own
# stack frames.
_PYTHON_CHECK = """
import sys
try:
    compile(open(sys.argv[1], "rb").read(), sys.argv[1], "exec", dont_inherit=True)
except Exception as error:
    sys.excepthook(type(error), error.with_traceback(None), None)
    sys.exit(1)
"""
_SLOW = Grace(time_multiplier=3.0, memory_extra_kb=16 * MIB_KB)

PYTHON = LanguageSpec(
    id="python",
    name="Python",
    aliases=("python3", "py", "py3", "cpython"),
    file_name="main.py",
    extensions=(".py3",),
    tools={"python3": ("/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3")},
    version=("{python3}", "--version"),
    compile=("{python3}", "-I", "-S", "-c", _PYTHON_CHECK, "main.py"),
    run=("{python3}", "main.py"),
    hello="print('hello')\n",
    packages="python3",
    check=True,
    grace=_SLOW,
    memory_errors=(b"MemoryError",),
    failures=failures.PYTHON,
)

PYPY = LanguageSpec(
    id="pypy",
    name="Python (PyPy)",
    aliases=("pypy3",),
    file_name="main.py",
    tools={"pypy3": tool_paths("pypy3")},
    version=("{pypy3}", "--version"),
    compile=("{pypy3}", "-I", "-S", "-c", _PYTHON_CHECK, "main.py"),
    run=("{pypy3}", "main.py"),
    hello="print('hello')\n",
    packages="pypy3",
    check=True,
    grace=Grace(
        time_multiplier=2.0,
        time_extra_ms=200,
        memory_extra_kb=96 * MIB_KB,
        address_space_kb=256 * MIB_KB,
    ),
    memory_errors=(b"MemoryError",),
    failures=failures.PYTHON,
)
PYTHONS = (PYTHON, PYPY)

RUBY = LanguageSpec(
    id="ruby",
    name="Ruby",
    aliases=("rb",),
    file_name="main.rb",
    tools={"ruby": tool_paths("ruby")},
    version=("{ruby}", "--version"),
    compile=("{ruby}", "-c", "main.rb"),
    run=("{ruby}", "main.rb"),
    hello="puts 'hello'\n",
    packages="ruby",
    check=True,
    grace=Grace(time_multiplier=3.0, memory_extra_kb=32 * MIB_KB, address_space_kb=256 * MIB_KB),
    memory_errors=(b"NoMemoryError", b"failed to allocate memory"),
    failures=failures.RUBY,
)

PHP = LanguageSpec(
    id="php",
    name="PHP",
    aliases=("php8",),
    file_name="main.php",
    tools={"php": tool_paths("php")},
    version=("{php}", "--version"),
    compile=("{php}", "-d", "display_errors=stderr", "-l", "main.php"),
    run=(
        *("{php}", "-d", "memory_limit={memory_mb}M", "-d", "display_errors=stderr"),
        "main.php",
    ),
    hello='<?php\necho "hello\\n";\n',
    packages="php-cli",
    check=True,
    grace=Grace(time_multiplier=3.0, memory_extra_kb=16 * MIB_KB, address_space_kb=256 * MIB_KB),
    memory_errors=(b"Allowed memory size of", b"Out of memory"),
    failures=failures.PHP,
)

PERL = LanguageSpec(
    id="perl",
    name="Perl",
    aliases=("pl", "perl5"),
    file_name="main.pl",
    tools={"perl": tool_paths("perl")},
    version=("{perl}", "-e", 'printf "%vd", $^V'),
    compile=("{perl}", "-c", "main.pl"),
    run=("{perl}", "main.pl"),
    hello='print "hello\\n";\n',
    packages="perl",
    check=True,
    grace=_SLOW,
    memory_errors=(b"Out of memory", b"panic: string extend"),
    failures=failures.PERL,
)

LUA = LanguageSpec(
    id="lua",
    name="Lua",
    aliases=("lua5", "lua5.4"),
    file_name="main.lua",
    tools={"lua": tool_paths("lua5.4", "lua"), "luac": tool_paths("luac5.4", "luac")},
    version=("{lua}", "-v"),
    compile=("{luac}", "-p", "main.lua"),
    run=("{lua}", "main.lua"),
    hello="print('hello')\n",
    packages="lua5.4",
    check=True,
    grace=_SLOW,
    memory_errors=(b"not enough memory",),
    failures=failures.LUA,
)

LUAJIT = LanguageSpec(
    id="luajit",
    name="Lua (LuaJIT)",
    aliases=(),
    file_name="main.lua",
    tools={"luajit": tool_paths("luajit")},
    version=("{luajit}", "-v"),
    compile=("{luajit}", "-b", "main.lua", "/tmp/main.raw"),  # noqa: S108 - inside the sandbox
    run=("{luajit}", "main.lua"),
    hello="print('hello')\n",
    packages="luajit",
    check=True,
    grace=Grace(time_multiplier=2.0, memory_extra_kb=16 * MIB_KB, address_space_kb=256 * MIB_KB),
    memory_errors=(b"not enough memory",),
    failures=failures.LUA,
)

BASH = LanguageSpec(
    id="bash",
    name="Bash",
    aliases=("sh", "shell"),
    file_name="main.sh",
    tools={"bash": ("/usr/bin/bash", "/bin/bash", "/usr/local/bin/bash")},
    version=("{bash}", "--version"),
    compile=("{bash}", "-n", "main.sh"),
    run=("{bash}", "main.sh"),
    hello="echo hello\n",
    packages="bash",
    check=True,
    grace=Grace(time_multiplier=4.0, memory_extra_kb=16 * MIB_KB),
    memory_errors=(b"cannot allocate", b"Cannot allocate memory"),
    failures=failures.BASH,
)

AWK = LanguageSpec(
    id="awk",
    name="AWK",
    aliases=("gawk",),
    file_name="main.awk",
    tools={"gawk": tool_paths("gawk")},
    version=("{gawk}", "--version"),
    compile=("{gawk}", "--pretty-print=/tmp/main.awk", "--file", "main.awk"),
    run=("{gawk}", "--file", "main.awk"),
    hello='BEGIN { print "hello" }\n',
    packages="gawk",
    check=True,
    grace=_SLOW,
    memory_errors=(b"memory exhausted", b"Cannot allocate memory"),
    failures=failures.AWK,
)

LANGUAGES = (RUBY, PHP, PERL, LUA, LUAJIT, BASH, AWK)
