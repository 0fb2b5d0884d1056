"""The run of all migrations over the table.

A run first reads all items to find obstacles, and then applies one migration after the other.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.migrations.emails import EmailMigration
from graphql_api.data.migrations.migration import Item, Migration, Obstacle
from graphql_api.data.migrations.problem_names import ProblemNameMigration
from graphql_api.data.migrations.tags import TagMigration

# Number of items that are read in one request, and number of items that are rewritten at the same
# time.
PAGE_ITEMS = 500
REWRITTEN_AT_ONCE = 8

_LEFT = (ConditionFailed, TransactionFailed, Conflict, InvalidInput, NotFound)


@dataclass(slots=True)
class Report:
    """The result of a run.

    - `read` is the number of items in the table.
    - `wanted` contains the number of items to rewrite, by the name of the migration.
    - `rewritten` contains the number of rewritten items, by the name of the migration.
    - `contended` is the number of items that could not be rewritten. Another request changed such
      an item during the run, or an item with the new key already exists.
    """

    read: int = 0
    wanted: Counter[str] = field(default_factory=Counter)
    rewritten: Counter[str] = field(default_factory=Counter)
    obstacles: list[Obstacle] = field(default_factory=list)
    contended: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether all items of the table now have the current form."""
        left = self.wanted.total() - self.rewritten.total()
        return left <= 0 and not self.obstacles and not self.contended


Progress = Callable[[str, int], None]


def all_migrations(dynamo: Dynamo) -> list[Migration]:
    """Return all migrations, in the order in which they are applied."""
    return [EmailMigration(dynamo), TagMigration(dynamo), ProblemNameMigration(dynamo)]


async def migrate(
    dynamo: Dynamo,
    migrations: Sequence[Migration],
    *,
    is_dry_run: bool = False,
    progress: Progress = lambda _name, _count: None,
) -> Report:
    """Rewrite all items of the table that are not in the current form.

    The function can be called again at any time, also after an interruption. With `is_dry_run`,
    nothing is written. Cost: two scans of the table, and one more scan for each migration that
    rewrites items.

    `progress` is called after each page of items with two arguments. In the first scan, they are
    "read" and the number of items read so far. During a migration, they are the name of the
    migration and the number of items rewritten so far.

    Raises:
        Unavailable: the database did not answer.
    """
    report = Report()
    async for page in _read_pages(dynamo):
        for item in page:
            for migration in migrations:
                migration.survey(item)
        report.read += len(page)
        progress("read", report.read)
    for migration in migrations:
        report.obstacles += await migration.find_obstacles()
    await _count(dynamo, migrations, report)
    for migration in migrations if not is_dry_run else ():
        if report.wanted[migration.name]:
            await _apply(dynamo, migration, report, progress)
    return report


async def _count(dynamo: Dynamo, migrations: Sequence[Migration], report: Report) -> None:
    async for page in _read_pages(dynamo):
        for migration in migrations:
            report.wanted[migration.name] += sum(map(migration.applies_to, page))


async def _apply(dynamo: Dynamo, migration: Migration, report: Report, progress: Progress) -> None:
    last: list[keys.Key] = []
    async for page in _read_pages(dynamo):
        items = [item for item in page if migration.applies_to(item)]
        last += [keys.of_item(item) for item in items if migration.comes_last(item)]
        first = [item for item in items if not migration.comes_last(item)]
        await _rewrite(migration, first, report)
        progress(migration.name, report.rewritten[migration.name])
    for start in range(0, len(last), PAGE_ITEMS):
        stored = await dynamo.batch_get(last[start : start + PAGE_ITEMS], consistent=True)
        await _rewrite(migration, [item for item in stored if item], report)
        progress(migration.name, report.rewritten[migration.name])


async def _rewrite(migration: Migration, items: Sequence[Item], report: Report) -> None:
    concurrency = asyncio.Semaphore(REWRITTEN_AT_ONCE)

    async def rewrite(item: Item) -> None:
        async with concurrency:
            try:
                await migration.rewrite(item)
            except _LEFT:
                report.contended += 1
            else:
                report.rewritten[migration.name] += 1

    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(rewrite(item))


async def _read_pages(dynamo: Dynamo) -> AsyncIterator[list[dict[str, object]]]:
    start: keys.Key | None = None
    while True:
        page = await dynamo.scan(limit=PAGE_ITEMS, start=start)
        yield page.items
        start = page.last_key
        if start is None:
            return
