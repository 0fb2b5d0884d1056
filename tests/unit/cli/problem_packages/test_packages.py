"""Reader of problem packages: the examples, and packages with one defect each."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from graphql_api.cli.problem_packages.files import PackageError
from graphql_api.cli.problem_packages.generators import generate
from graphql_api.cli.problem_packages.model import Comparison
from graphql_api.cli.problem_packages.reader import (
    content_hash,
    find_duplicates,
    find_packages,
    package_number,
    read_package,
)
from graphql_api.cli.problem_packages.testdata import read_test
from graphql_api.data.enums import CheckerConvention, Comparer, Verdict
from graphql_api.data.records import Checker
from tests.support.paths import ROOT

EXAMPLES = ROOT / "examples" / "problems"
MOST_COMMITTED_BYTES = 1_000_000


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def legacy(tmp_path: Path) -> Path:
    """The smallest complete package of the legacy format."""
    return write(
        tmp_path / "hello",
        {
            "problem.yaml": "name: Hello\n",
            "problem_statement/problem.en.tex": "\\problemname{Hello}\nSay it.\n",
            "data/sample/1.in": "a\n",
            "data/sample/1.ans": "b\n",
            "data/secret/1.in": "c\n",
            "data/secret/1.ans": "d\n",
            "submissions/accepted/a.py": "print('b')\n",
        },
    )


@pytest.fixture
def modern(legacy: Path) -> Path:
    """The smallest complete package of the format 2023-07."""
    shutil.rmtree(legacy / "problem_statement")
    return write(
        legacy,
        {
            "problem.yaml": "problem_format_version: 2023-07\nname: Hello\nuuid: x\n",
            "statement/problem.en.md": "Say it.\n",
        },
    )


def more(root: Path, yaml: str) -> Path:
    """Add lines to a package's problem.yaml."""
    path = root / "problem.yaml"
    path.write_text(path.read_text() + yaml)
    return root


# The examples


@pytest.mark.parametrize("path", find_packages(EXAMPLES), ids=lambda path: path.name)
def test_every_example_is_complete(path: Path) -> None:
    package = read_package(path)

    assert package.solution is not None
    assert package.notes == ()
    assert package.constraints
    assert 1 <= sum(test.is_sample for test in package.tests) < len(package.tests)
    assert all(submission.language for submission in package.submissions)
    assert {"python", "c", "cpp"} <= {submission.language for submission in package.submissions}
    verdicts = {
        verdict for submission in package.submissions for verdict in submission.expected_verdicts
    }
    assert {Verdict.AC, Verdict.WA, Verdict.RE} <= verdicts


def test_the_examples_are_twelve_in_both_formats_and_all_verdicts() -> None:
    packages = [read_package(path) for path in find_packages(EXAMPLES)]
    formats = {("2023-07" in (package.path / "problem.yaml").read_text()) for package in packages}

    assert [package.number for package in packages] == [str(number) for number in range(1, 13)]
    assert formats == {True, False}
    assert {
        submission.name.split("/")[0] for package in packages for submission in package.submissions
    } >= {
        "accepted",
        "wrong_answer",
        "time_limit_exceeded",
        "run_time_error",
        "compile_error",
        "memory_limit_exceeded",
        "output_limit_exceeded",
    }
    assert {package.comparison.comparer for package in packages} >= {
        Comparer.TOKENS,
        Comparer.TOKENS_IGNORE_CASE,
        Comparer.EXACT,
        Comparer.FLOAT,
        Comparer.CHECKER,
        Comparer.INTERACTIVE,
    }


def test_no_committed_file_is_large() -> None:
    large = [
        path
        for path in EXAMPLES.rglob("*")
        if path.is_file() and path.stat().st_size >= MOST_COMMITTED_BYTES
    ]

    assert large == []


@pytest.mark.slow
def test_the_big_input_is_generated_the_same_every_time() -> None:
    package = read_package(EXAMPLES / "002-lighthouse-log")
    (test,) = (test for test in package.tests if test.name == "secret/10-ten-megabytes")

    content, _ = read_test(test)

    assert 10_000_000 < len(content) < 11_000_000
    assert content == read_test(test)[0]


@pytest.mark.slow
@pytest.mark.parametrize("path", find_packages(EXAMPLES), ids=lambda path: path.name)
def test_every_input_obeys_its_own_rules(path: Path) -> None:
    code = (path / "input_validators/validate.py").read_text().replace("{{most}}", "400")

    for test in read_package(path).tests:
        content, _ = read_test(test)
        done = subprocess.run([sys.executable, "-I", "-c", code], input=content, check=False)
        assert done.returncode == 42, test.name


def test_exponential_yaml_aliases_do_no_harm(legacy: Path) -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    write(legacy, {"problem.yaml": "\n".join([*lines, "name: *a29\n"])})

    with pytest.raises(PackageError):
        read_package(legacy)

    write(legacy, {"submissions/submissions.yaml": "\n".join([*lines, "accepted: *a29\n"])})
    write(legacy, {"problem.yaml": "name: Hello\n"})
    with pytest.raises(PackageError):
        read_package(legacy)


def test_korean_titles_are_read() -> None:
    assert read_package(EXAMPLES / "004-moonlit-stones").title == "달빛 징검다리"
    sign = EXAMPLES / "006-shop-sign"
    assert read_package(sign).title == "Shop Sign"
    assert read_package(sign, locale="ko").title == "가게 간판"
    assert "간판장이" in read_package(sign, locale="ko").statement
    assert read_package(sign, locale="fr").title == "Shop Sign"


def test_constants_are_replaced_in_the_statement() -> None:
    assert "\\le 400$" in str(read_package(EXAMPLES / "010-night-market").constraints)


# A package's own validators


def test_a_legacy_package_selects_its_validator(legacy: Path) -> None:
    write(legacy, {"output_validators/check/check.cc": "int main() {}\n"})
    left_out = read_package(legacy)
    assert left_out.checker is None
    assert left_out.comparison.comparer is Comparer.TOKENS_IGNORE_CASE
    assert left_out.notes == ("skipped output_validators: problem.yaml has `validation: default`",)

    more(legacy, "validation: custom\nvalidator_flags: least 3\n")
    package = read_package(legacy)

    assert package.notes == ()
    assert package.comparison == Comparison(comparer=Comparer.CHECKER)
    assert package.checker == Checker(
        language="cpp",
        code="int main() {}\n",
        convention=CheckerConvention.ICPC,
        arguments=("least", "3"),
    )


def test_a_legacy_package_can_have_an_interactor(legacy: Path) -> None:
    more(legacy, "validation: custom interactive\n")
    write(legacy, {"output_validators/talk.py": "print()\n", "output_validators/README.md": "x"})
    package = read_package(legacy)
    assert package.comparison.comparer is Comparer.INTERACTIVE
    assert package.checker is not None
    assert package.checker.language == "python"


def test_a_modern_package_s_validator_is_used_if_it_exists(modern: Path) -> None:
    write(modern, {"output_validator/check.c": "int main(void) {}\n"})
    write(modern, {"data/test_group.yaml": "output_validator_args: [deep, x]\n"})
    package = read_package(modern)
    assert package.comparison.comparer is Comparer.CHECKER
    assert package.checker is not None
    assert (package.checker.language, package.checker.arguments) == ("c", ("deep", "x"))
    more(modern, "type: [pass-fail, interactive]\n")
    assert read_package(modern).comparison.comparer is Comparer.INTERACTIVE


def test_a_validator_s_limits_are_clamped_to_the_platform_s(legacy: Path) -> None:
    write(legacy, {"output_validators/check.py": "x\n"})
    more(legacy, "validation: custom\n")
    more(legacy, "limits: {validation_time: 5, validation_memory: 100}\n")
    checker = read_package(legacy).checker
    assert checker is not None
    assert (checker.time_limit_ms, checker.memory_limit_kb) == (5000, 102_400)
    text = (legacy / "problem.yaml").read_text()
    text = text.replace("time: 5", "time: 600").replace("memory: 100", "memory: 1")
    (legacy / "problem.yaml").write_text(text)
    checker = read_package(legacy).checker
    assert checker is not None
    assert (checker.time_limit_ms, checker.memory_limit_kb) == (60_000, 16_384)


def test_a_package_may_stop_at_the_first_failure(legacy: Path) -> None:
    assert not read_package(legacy).stops_on_first_failure
    write(legacy, {"data/testdata.yaml": "on_reject: break\n"})
    assert read_package(legacy).stops_on_first_failure


def test_validator_and_early_stop_change_the_hash(legacy: Path) -> None:
    more(legacy, "validation: custom\n")
    write(legacy, {"output_validators/check.py": "x\n"})
    hashes = [content_hash(read_package(legacy))]
    write(legacy, {"output_validators/check.py": "y\n"})
    hashes.append(content_hash(read_package(legacy)))
    write(legacy, {"data/testdata.yaml": "on_reject: break\n"})
    hashes.append(content_hash(read_package(legacy)))
    assert len(set(hashes)) == 3


# The values of a package


def test_the_smallest_package_has_the_defaults(legacy: Path) -> None:
    package = read_package(legacy)

    assert (package.platform, package.number, package.title) == ("algoitny", "hello", "Hello")
    assert (package.time_limit_ms, package.memory_limit_kb) == (2000, 256 * 1024)
    assert package.comparison.comparer is Comparer.TOKENS_IGNORE_CASE
    assert [test.name for test in package.tests] == ["sample/1", "secret/1"]
    assert read_test(package.tests[1]) == (b"c\n", b"d\n")
    assert package.statement == "Say it.\n"
    assert package.solution is not None
    assert (package.solution.language, package.solution.code) == ("python", "print('b')\n")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("001-a-plus-b", "1"),
        ("17", "17"),
        ("000", "0"),
        ("3dprinter", "3dprinter"),
        ("a-1", "a-1"),
        ("\uff11-x", "\uff11-x"),
    ],
)
def test_the_number_is_the_start_of_the_directory_s_name(name: str, number: str) -> None:
    assert package_number(Path("/somewhere") / name) == number


def test_packages_of_one_number_are_found(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("01-a", "1", "2-b")]

    assert find_duplicates(paths) == {paths[1]: paths[0]}


def test_the_package_s_time_limit_has_priority_over_the_tools_files(legacy: Path) -> None:
    write(legacy, {"domjudge-problem.ini": "name = x\ntimelimit = '3.5'\n"})
    assert read_package(legacy).time_limit_ms == 3500
    write(legacy, {".timelimit": "4\n"})
    assert read_package(legacy).time_limit_ms == 4000
    more(legacy, "limits: {time_limit: 0.25, memory: 64}\n")
    assert read_package(legacy).time_limit_ms == 250
    assert read_package(legacy).memory_limit_kb == 65_536


def test_tests_are_ordered_by_their_path_samples_first(legacy: Path) -> None:
    for name in ("secret/b/1", "secret/a", "secret/c", "secret/b/0", "sample/z"):
        write(legacy, {f"data/{name}.in": "", f"data/{name}.ans": ""})

    names = [test.name for test in read_package(legacy).tests]

    assert names == [
        "sample/1",
        "sample/z",
        "secret/1",
        "secret/a",
        "secret/b/0",
        "secret/b/1",
        "secret/c",
    ]


@pytest.mark.parametrize(
    ("flags", "comparer", "absolute", "relative"),
    [
        ("", Comparer.TOKENS_IGNORE_CASE, None, None),
        ("case_sensitive", Comparer.TOKENS, None, None),
        ("case_sensitive space_change_sensitive", Comparer.EXACT, None, None),
        ("float_tolerance 1e-6", Comparer.FLOAT, "1e-06", "1e-06"),
        ("float_absolute_tolerance 0.5", Comparer.FLOAT, "0.5", None),
        ("float_relative_tolerance 1e-9 case_sensitive", Comparer.FLOAT, None, "1e-09"),
    ],
)
def test_validator_flags_choose_the_comparer(
    legacy: Path, flags: str, comparer: Comparer, absolute: str | None, relative: str | None
) -> None:
    comparison = read_package(more(legacy, f"validator_flags: {flags!r}\n")).comparison

    assert (comparison.comparer, comparison.absolute_tolerance, comparison.relative_tolerance) == (
        comparer,
        absolute,
        relative,
    )


def test_groups_inherit_flags(modern: Path) -> None:
    write(modern, {"data/test_group.yaml": "output_validator_args: [case_sensitive]\n"})
    assert read_package(modern).comparison.comparer is Comparer.TOKENS

    write(modern, {"data/secret/test_group.yaml": "output_validator_args: []\n"})
    with pytest.raises(PackageError, match="all tests need the same flags"):
        read_package(modern)


def test_flags_of_a_legacy_group_are_added_to_the_problem_s_flags(legacy: Path) -> None:
    more(legacy, "validator_flags: case_sensitive\n")
    write(legacy, {"data/testdata.yaml": "output_validator_flags: space_change_sensitive\n"})
    assert read_package(legacy).comparison.comparer is Comparer.EXACT

    write(legacy, {"data/testdata.yaml": "output_validator_flags: float_tolerance\n"})
    with pytest.raises(PackageError, match="followed by a number") as caught:
        read_package(legacy)
    assert caught.value.path.name == "testdata.yaml"


def test_keywords_and_source_are_tags_and_link(legacy: Path) -> None:
    yaml = "keywords: graphs  bfs\nsource: Us\nsource_url: https://example.org/1\n"
    package = read_package(more(legacy, yaml))

    assert package.tags == ("graphs", "bfs")
    assert package.url == "https://example.org/1"


def test_a_legacy_name_can_come_from_the_statement(legacy: Path) -> None:
    (legacy / "problem.yaml").write_text("license: cc0\n")

    assert read_package(legacy).title == "Hello"


def test_folder_and_yaml_give_the_expected_verdicts(modern: Path) -> None:
    write(
        modern,
        {
            "submissions/time_limit_exceeded/slow.cpp": "",
            "submissions/rejected/bad.c": "",
            "submissions/rejected/worse.c": "",
            "submissions/own/x.java": "",
            "submissions/own/y.java": "",
            "submissions/unknown/z.py": "",
            "submissions/accepted/many/a.cpp": "",
            "submissions/accepted/many/b.cpp": "",
            "submissions/accepted/one/main.cc": "int main() {}",
            "submissions/compile_error/e.adb": "",
            "submissions/submissions.yaml": """
                rejected/bad.c: {permitted: [AC, WA], required: [WA]}
                own/{x,z}.java: {permitted: [TLE, RTE]}
                own/*: {permitted: [AC, RTE]}
                accepted/one: {model_solution: true}
            """,
        },
    )

    package = read_package(modern)
    expected = {submission.name: submission.expected_verdicts for submission in package.submissions}

    assert expected == {
        "accepted/a.py": {Verdict.AC},
        "accepted/one": {Verdict.AC},
        "compile_error/e.adb": {Verdict.CE},
        "own/x.java": {Verdict.RE, Verdict.MLE, Verdict.OLE},
        "own/y.java": {Verdict.AC, Verdict.RE, Verdict.MLE, Verdict.OLE},
        "rejected/bad.c": {Verdict.WA},
        "rejected/worse.c": set(Verdict) - {Verdict.AC, Verdict.IE, Verdict.SKIPPED},
        "time_limit_exceeded/slow.cpp": {Verdict.TLE, Verdict.ILE},
    }
    assert len(package.notes) == 2
    assert package.solution is not None
    assert package.solution.language == "cpp"
    languages = {submission.name: submission.language for submission in package.submissions}
    assert languages["compile_error/e.adb"] is None


def test_a_package_without_a_known_solution_has_a_note(legacy: Path) -> None:
    (legacy / "submissions/accepted/a.py").unlink()

    package = read_package(legacy)

    assert package.solution is None
    assert "no solution" in package.notes[0]


def test_latex_becomes_markdown(legacy: Path) -> None:
    write(
        legacy,
        {
            "problem_statement/problem.en.tex": """\\problemname{Hello % not a name
}
%% plainproblemname: Hello
Add \\textbf{both} of \\emph{them}~now: $a_1 -- b\\%$ -- 5\\% of ``it''. % a remark
\\illustration{0.3}{a.png}{A}
\\section*{Input}
\\begin{itemize}
  \\item one \\texttt{x}
\\end{itemize}
\\begin{Output}
All.
\\end{Output}
\\section*{Constraints}
$n < 5$
"""
        },
    )

    package = read_package(legacy)

    assert package.statement == (
        'Add **both** of *them* now: $a_1 -- b\\%$ \N{EN DASH} 5% of "it". \n\n'
        "## Input\n\n- one `x`\n## Output\n\nAll.\n"
    )
    assert package.constraints == "$n < 5$\n"


# content_hash


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("problem.yaml", "name: Other\n"),
        ("problem_statement/problem.en.tex", "Other.\n"),
        ("data/secret/1.in", "x\n"),
        ("data/sample/1.ans", "x\n"),
        ("submissions/accepted/a.py", "print('x')\n"),
        (".timelimit", "1\n"),
    ],
)
def test_the_hash_changes_with_every_imported_part(legacy: Path, name: str, text: str) -> None:
    before = content_hash(read_package(legacy))
    write(legacy, {"submissions/wrong_answer/b.py": "is not imported"})
    assert content_hash(read_package(legacy)) == before

    write(legacy, {name: text})

    assert content_hash(read_package(legacy)) != before


# Generated inputs


def generated(root: Path, script: str, sha256: str) -> Path:
    yaml = f"- test: secret/2\n  script: make.py\n  arguments: [x]\n  sha256: '{sha256}'\n"
    return write(
        root,
        {
            "generators/generated.yaml": yaml,
            "generators/make.py": script,
            "data/secret/2.ans": "answer\n",
        },
    )


SHA = hashlib.sha256(b"x\n").hexdigest()


def test_a_generated_input_is_what_the_script_writes(legacy: Path) -> None:
    package = read_package(generated(legacy, "import sys; print(sys.argv[1])", SHA))

    assert read_test(package.tests[-1]) == (b"x\n", b"answer\n")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("print('y')", "an input with another sha256"),
        ("raise SystemExit('no seed')", "the generator failed: no seed"),
        ("import os; os.abort()", "the generator failed: exit code -6"),
        ("import os; print(os.environ['HOME'])", "KeyError: 'HOME'"),
        ("while True: print('x' * 1000)", "wrote more than 1 MB"),
    ],
)
def test_a_failing_generator_is_an_error(legacy: Path, script: str, why: str) -> None:
    test = read_package(generated(legacy, script, SHA)).tests[-1]
    assert test.generated is not None

    with pytest.raises(PackageError, match=r"make\.py") as caught:
        generate(test.generated, limit=1024 * 1024)

    assert why in caught.value.message


# Broken packages: the defect, the file named by the error, and the message


def remove(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).unlink()


def put(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: write(root, {name: text})


def put_bytes(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes(content)


def link(name: str, target: str) -> Callable[[Path], object]:
    return lambda root: (root / name).symlink_to(target)


def yaml(text: str) -> Callable[[Path], object]:
    return lambda root: more(root, text)


def validators(*names: str, text: str = "x\n") -> Callable[[Path], object]:
    def change(root: Path) -> None:
        more(root, "validation: custom\n")
        write(root, {f"output_validators/{name}": text for name in names})

    return change


LEGACY_BREAKS: list[tuple[Callable[[Path], object], str, str]] = [
    (remove("problem.yaml"), "problem.yaml", "is missing"),
    (yaml("problem_format_version: 2025-09\n"), "problem.yaml", "legacy, legacy-icpc, 2023-07"),
    (yaml("titel: x\n"), "problem.yaml", "titel: unknown key in this format"),
    (yaml("limits: {memroy: 5}\n"), "problem.yaml", "limits.memroy: unknown key"),
    (yaml("a: [\n"), "problem.yaml", "is not valid YAML in line"),
    (put("problem.yaml", "- a\n"), "problem.yaml", "must be a mapping"),
    (
        put("problem.yaml", "name: !!python/object:os.system x\n"),
        "problem.yaml",
        "is not valid YAML",
    ),
    (put("problem.yaml", "name: 2024-13-45\n"), "problem.yaml", "is not valid YAML"),
    (put("problem.yaml", "name: 17\n"), "problem.yaml", "write it in quotes: '17'"),
    (put("problem.yaml", "x" * 70_000), "problem.yaml", "is larger than 64 KB"),
    (put_bytes("problem.yaml", b"name: \xff\n"), "problem.yaml", "is not UTF-8 (byte 6)"),
    (yaml("type: scoring\n"), "problem.yaml", "type: 'scoring' is not supported"),
    (yaml("validation: custom score\n"), "problem.yaml", "validation: 'custom score' is not"),
    (yaml("validation: custom\n"), "problem.yaml", "add one to output_validators"),
    (yaml("validation: custom interactive\n"), "problem.yaml", "add one to output_validators"),
    (validators("a.go"), "a.go", "written in c, cpp, python"),
    (validators("a/a.cpp", "a/b.h"), "output_validators", "several files (a/a.cpp, a/b.h)"),
    (validators("a.cpp", text='#include "testlib.h"\n'), "a.cpp", "testlib.h is not supported"),
    (validators("a.py", text="x" * 300_000), "a.py", "is larger than 256 KB"),
    (put("data/testdata.yaml", "on_reject: perhaps\n"), "testdata.yaml", "break or continue"),
    (yaml("grading: {objective: min}\n"), "problem.yaml", "grading: is for scoring"),
    (yaml("limits: {time_limit: 0}\n"), "problem.yaml", "limits.time_limit: must be above 0"),
    (yaml("limits: {time_limit: .nan}\n"), "problem.yaml", "limits.time_limit: must be above 0"),
    (yaml("limits: {time_limit: 61}\n"), "problem.yaml", "at most 60"),
    (yaml("limits: {memory: a lot}\n"), "problem.yaml", "limits.memory: must be a number"),
    (yaml("limits: {memory: true}\n"), "problem.yaml", "limits.memory: must be a number"),
    (yaml("limits: 5\n"), "problem.yaml", "limits: must be a mapping"),
    (put("problem.yaml", "name: [a, b]\n"), "problem.yaml", "name: must be a string"),
    (yaml("keywords: {a: b}\n"), "problem.yaml", "keywords: must be a list of strings"),
    (yaml("validator_flags: float_tolerance\n"), "problem.yaml", "followed by a number"),
    (yaml("validator_flags: float_tolerance nan\n"), "problem.yaml", "followed by a number"),
    (yaml("validator_flags: nice\n"), "problem.yaml", "nice: not a flag"),
    (yaml("validator_flags: space_change_sensitive\n"), "problem.yaml", "requires case_sensitive"),
    (
        yaml("validator_flags: float_tolerance 1 float_absolute_tolerance 1\n"),
        "problem.yaml",
        "given twice",
    ),
    (put(".timelimit", "soon\n"), ".timelimit", "must be in seconds"),
    (remove("problem_statement/problem.en.tex"), "problem_statement", "holds no statement"),
    (put_bytes("problem_statement/problem.en.tex", b"\xfe"), "problem.en.tex", "is not UTF-8"),
    (
        put("problem_statement/problem.en.tex", "x" * 200_000),
        "problem.en.tex",
        "larger than 192 KB",
    ),
    (remove("data/secret/1.ans"), "1.in", "has no answer; add 1.ans"),
    (remove("data/sample/1.in"), "1.ans", "has no input; add 1.in"),
    (lambda root: shutil.rmtree(root / "data/secret"), "secret", "holds no tests"),
    (put("data/secret/1.files/a", ""), "1.files", "use standard input"),
    (put("data/secret/1.yaml", "args: [a]\n"), "1.yaml", "arguments for programs"),
    (put("data/testdata.yaml", "grading: custom\n"), "testdata.yaml", "only the default grader"),
    (put("data/testdata.yaml", "grader_flags: always_accept\n"), "testdata.yaml", "all tests must"),
    (put("include/python/a.py", ""), "include", "added to submissions"),
    (link("data/secret/2.in", "/etc/hostname"), "2.in", "the link leaves the package"),
    (link("data/secret/2.in", "../../../elsewhere"), "2.in", "the link is broken"),
    (link("data/secret/2.in", "2.in"), "2.in", "the link is broken"),
    (link("data/more", "secret"), "more", "links to directories"),
    (lambda root: os.mkfifo(root / "data/secret/2.in"), "2.in", "is not a file"),
    (put_bytes("submissions/accepted/a.py", b"\xff"), "a.py", "is not UTF-8"),
    (put("submissions/accepted/a.py", " \n"), "a.py", "is empty"),
    (put("submissions/accepted/a.py", "x" * 300_000), "a.py", "is larger than 256 KB"),
    (
        put("submissions/submissions.yaml", "accepted: {permitted: [WA]}\n"),
        "submissions.yaml",
        "no verdict satisfies",
    ),
    (
        put("submissions/submissions.yaml", "accepted: {permitted: [OK]}\n"),
        "submissions.yaml",
        "'OK' is not a verdict",
    ),
    (put("generators/generated.yaml", "a: b\n"), "generated.yaml", "must be a list"),
    (
        put("generators/generated.yaml", "- {test: secret/1, script: ../x, sha256: ''}\n"),
        "generated.yaml",
        "script: must be the name of a file in",
    ),
]


@pytest.mark.parametrize(("damage", "file", "message"), LEGACY_BREAKS)
def test_a_defect_is_reported_with_its_file(
    legacy: Path, damage: Callable[[Path], object], file: str, message: str
) -> None:
    damage(legacy)

    with pytest.raises(PackageError) as caught:
        read_package(legacy)

    assert caught.value.path.name == file
    assert message in caught.value.message


MODERN_BREAKS: list[tuple[Callable[[Path], object], str, str]] = [
    (yaml("type: [pass-fail, multi-pass]\n"), "problem.yaml", "'multi-pass' is not supported"),
    (yaml("validator_flags: case_sensitive\n"), "problem.yaml", "unknown key"),
    (yaml("languages: [python3]\n"), "problem.yaml", "cannot be limited"),
    (yaml("embargo_until: 2999-01-01\n"), "problem.yaml", "import the package after 2999-01-01"),
    (yaml("constants: {n: [1]}\n"), "problem.yaml", "constants.n: must be a number or a string"),
    (yaml("embargo_until: soon\n"), "problem.yaml", "must be a date"),
    (yaml("type: interactive\n"), "problem.yaml", "add one to output_validator"),
    (put("output_validator/a.rb", ""), "a.rb", "written in c, cpp, python"),
    (put("static_validator/a.py", ""), "static_validator", "static validation"),
    (
        put("statement/problem.ko.md", ""),
        "problem.yaml",
        "has en, but the statements are in en, ko",
    ),
    (
        put("data/secret/test_group.yaml", "scoring: {aggregation: sum}\n"),
        "test_group.yaml",
        "scoring.aggregation: only pass-fail",
    ),
]


@pytest.mark.parametrize(("damage", "file", "message"), MODERN_BREAKS)
def test_a_defect_in_the_new_format_is_reported_with_its_file(
    modern: Path, damage: Callable[[Path], object], file: str, message: str
) -> None:
    damage(modern)

    with pytest.raises(PackageError) as caught:
        read_package(modern)

    assert caught.value.path.name == file
    assert message in caught.value.message


def test_an_ended_embargo_is_ignored(modern: Path) -> None:
    assert read_package(more(modern, "embargo_until: 2020-01-01T00:00:00Z\n")).title == "Hello"


def test_a_test_that_is_not_utf8_is_named(legacy: Path) -> None:
    (legacy / "data/secret/1.in").write_bytes(b"ab\xff")
    package = read_package(legacy)

    with pytest.raises(PackageError, match=r"1\.in: is not UTF-8 \(byte 2\)"):
        read_test(package.tests[1])


def test_links_inside_the_package_are_followed(legacy: Path) -> None:
    for end in ("in", "ans"):
        (legacy / f"data/secret/2.{end}").symlink_to(f"../sample/1.{end}")

    assert read_test(read_package(legacy).tests[2]) == (b"a\n", b"b\n")


def test_a_missing_or_empty_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="is not a directory"):
        find_packages(tmp_path / "nowhere")
    with pytest.raises(PackageError, match="holds no package"):
        find_packages(tmp_path)
