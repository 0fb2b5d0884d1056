from judge.scheduler import ResultCollector, TestScheduler


def test_tests_after_a_failure_are_neither_given_nor_wanted():
    queue: TestScheduler[str, bool] = TestScheduler("abcd", lambda is_right: not is_right)
    first, second = queue.take(), queue.take()
    assert first is not None
    assert second is not None
    queue.report(second, False)  # noqa: FBT003 - the result
    assert (queue.needed_count, queue.waiting_count, queue.take()) == (2, 0, None)
    queue.report(first, False)  # noqa: FBT003 - the result
    assert queue.needed_count == 1
    assert list(queue.drain_results(0.1)) == [(1, False), (0, False)]


def test_without_an_early_stop_all_are_wanted():
    queue: TestScheduler[str, bool] = TestScheduler("ab")
    taken = queue.take()
    assert taken is not None
    queue.report(taken, False)  # noqa: FBT003 - the result
    assert (queue.needed_count, queue.waiting_count) == (2, 1)


def test_turns_that_take_in_step_get_what_each_was_said_to():
    queue: TestScheduler[str, bool] = TestScheduler("abcde")
    said: dict[int, str | None] = {}
    for _ in range(2):
        for turn in range(2):
            taken = queue.take()
            assert taken is not None
            assert taken.test == said.get(turn, taken.test)
            said[turn] = queue.peek_next(2)
    assert said == {0: "e", 1: None}


def test_results_are_told_as_they_come_or_in_order():
    for in_order, expected in ((False, ["c", "a", "b"]), (True, ["a", "b", "c"])):
        told: list[str] = []
        gathered = ResultCollector(told.append, in_order=in_order)
        for at, result in ((2, "c"), (0, "a"), (1, "b")):
            assert not gathered.has_all(3)
            gathered.add(at, result, 3)
        assert told == expected
        assert gathered.has_all(3)
        assert gathered.first(2) == ["a", "b"]


def test_what_is_not_wanted_is_not_told():
    told: list[str] = []
    gathered = ResultCollector(told.append, in_order=True)
    gathered.add(1, "b", 2)
    gathered.add(0, "a", 1)
    assert told == ["a"]
    assert gathered.has_all(1)
