from judge.scheduler import ResultCollector, TestScheduler


def test_tests_after_a_failure_are_neither_started_nor_needed():
    queue: TestScheduler[str, bool] = TestScheduler("abcd", lambda is_right: not is_right)
    first, second = queue.take(), queue.take()
    assert first is not None
    assert second is not None
    queue.report(second, False)  # noqa: FBT003 - the result
    assert (queue.needed_count, queue.waiting_count, queue.take()) == (2, 0, None)
    queue.report(first, False)  # noqa: FBT003 - the result
    assert queue.needed_count == 1
    assert list(queue.drain_results(0.1)) == [(1, False), (0, False)]


def test_without_an_early_stop_all_are_needed():
    queue: TestScheduler[str, bool] = TestScheduler("ab")
    taken = queue.take()
    assert taken is not None
    queue.report(taken, False)  # noqa: FBT003 - the result
    assert (queue.needed_count, queue.waiting_count) == (2, 1)


def test_sessions_in_step_take_the_predicted_tests():
    queue: TestScheduler[str, bool] = TestScheduler("abcde")
    predicted: dict[int, str | None] = {}
    for _ in range(2):
        for session in range(2):
            taken = queue.take()
            assert taken is not None
            assert taken.test == predicted.get(session, taken.test)
            predicted[session] = queue.peek_next(2)
    assert predicted == {0: "e", 1: None}


def test_results_are_reported_at_once_or_in_order():
    for in_order, expected in ((False, ["c", "a", "b"]), (True, ["a", "b", "c"])):
        reported: list[str] = []
        gathered = ResultCollector(reported.append, in_order=in_order)
        for at, result in ((2, "c"), (0, "a"), (1, "b")):
            assert not gathered.has_all(3)
            gathered.add(at, result, 3)
        assert reported == expected
        assert gathered.has_all(3)
        assert gathered.first(2) == ["a", "b"]


def test_results_that_are_not_needed_are_not_reported():
    reported: list[str] = []
    gathered = ResultCollector(reported.append, in_order=True)
    gathered.add(1, "b", 2)
    gathered.add(0, "a", 1)
    assert reported == ["a"]
    assert gathered.has_all(1)
