import os

import pytest

from judge.sandbox.descriptors import Descriptors, seal


@pytest.fixture
def input_of(tmp_path):
    """Seal bytes, or a file with these bytes."""
    opened = []

    def make(data: bytes, *, in_file: bool) -> int:
        path = tmp_path / "input"
        path.write_bytes(data)
        opened.append(seal(path if in_file else data))
        return opened[-1]

    yield make
    for descriptor in opened:
        os.close(descriptor)


@pytest.mark.parametrize("in_file", [True, False])
class TestSealed:
    @pytest.mark.parametrize("size", [0, 1, 5 << 20])
    def test_it_reads_as_the_original_from_the_start(self, input_of, in_file, size):
        data = os.urandom(size)
        descriptor = input_of(data, in_file=in_file)
        with open(descriptor, "rb", closefd=False) as file:
            assert file.read() == data

    def test_nobody_can_change_it(self, input_of, in_file):
        descriptor = input_of(b"data", in_file=in_file)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(descriptor, b"x")
        path = f"/proc/self/fd/{descriptor}"
        with pytest.raises(OSError, match=r"not permitted|Permission denied"):
            os.truncate(path, 0)
        try:
            again = os.open(path, os.O_RDWR)
        except PermissionError:
            return
        with pytest.raises(OSError, match="not permitted"):
            os.write(again, b"x")
        os.close(again)


def test_the_original_file_is_not_what_is_handed_over(input_of, tmp_path):
    descriptor = input_of(b"data", in_file=True)
    assert os.fstat(descriptor).st_ino != (tmp_path / "input").stat().st_ino


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


class TestDescriptors:
    def test_numbers_are_given_in_order(self):
        with Descriptors() as made:
            assert [made.give(os.dup(0)) for _ in range(3)] == [0, 1, 2]

    def test_all_is_closed_at_the_end_but_what_was_lent(self):
        lent = os.dup(0)
        with Descriptors() as made:
            made.lend(lent)
            ours = [made.pipe(), made.socket().fileno()]
            theirs = list(made.theirs)
        assert is_open(lent)
        assert not any(map(is_open, [*ours, *(one for one in theirs if one != lent)]))
        os.close(lent)

    def test_scratch_files_outlive_it_unless_there_was_an_error(self, tmp_path):
        with Descriptors() as made:
            kept = made.scratch_file(tmp_path)
        assert not kept.closed
        kept.close()
        failing = Descriptors()
        lost = failing.scratch_file(tmp_path)
        failing.__exit__(ZeroDivisionError)
        assert lost.closed
