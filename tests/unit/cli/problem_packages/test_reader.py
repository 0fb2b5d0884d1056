"""The values that the reader takes from a package, and the hash of its content."""

from pathlib import Path

import pytest

from graphql_api.cli.problem_packages.files import PackageError
from graphql_api.cli.problem_packages.reader import (
    content_hash,
    find_duplicates,
    package_number,
    read_package,
)
from graphql_api.cli.problem_packages.testdata import read_test
from graphql_api.data.enums import Comparer, Verdict
from tests.support.packages import more, write


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
    with pytest.raises(PackageError, match="Give all tests the same flags"):
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
    assert "No solution" in package.notes[0]


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
