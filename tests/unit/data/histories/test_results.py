from graphql_api.data.enums import Verdict
from graphql_api.data.histories.results import dump_results, load_results
from graphql_api.data.records import Results, TestResult


def test_results_read_back_as_they_were_written() -> None:
    tests = (
        TestResult(number=1, is_sample=True, verdict=Verdict.AC, cpu_ms=3, output="3\n"),
        TestResult(number=2, verdict=Verdict.RE, exit_code=0, signal="SIGSEGV", error="오류\x00"),
        TestResult(number=3, verdict=Verdict.WA, difference=(1, 2, "3", "")),
    )
    results = Results(attempt=2, compile_output="", tests=tests, limit_backend="cgroup v2")
    assert load_results(dump_results(results)) == results


def test_results_of_a_compilation_that_failed_have_no_tests() -> None:
    results = Results(attempt=1, compile_output="main.c:1: error", tests=())
    assert load_results(dump_results(results)) == results
