import asyncio
from pathlib import Path

from tasks.handlers.testset_cache import TestSetCache
from tasks.worker.container import _prune_forever
from tests.support.waiting import PATIENCE_S


class RefusingFiles(TestSetCache):
    """A disk that fails."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def prune(self, **_: float) -> int:
        self._loop.call_soon_threadsafe(self.asked.set)
        raise OSError("input/output error")


async def test_a_disk_that_refuses_does_not_end_the_pruning(tmp_path: Path) -> None:
    files = RefusingFiles(tmp_path / "tests")
    pruning = asyncio.create_task(_prune_forever(files))
    await asyncio.wait_for(files.asked.wait(), PATIENCE_S)
    done, _ = await asyncio.wait({pruning}, timeout=0.1)
    assert not done
    pruning.cancel()
