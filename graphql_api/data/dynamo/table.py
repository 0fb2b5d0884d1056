"""The table's definition, and making an engine's table agree with it.

Making it is idempotent: what exists is compared setting by setting and only what differs is
changed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from graphql_api.config import Settings
from graphql_api.data.errors import NO_CREDENTIALS, Conflict, Unavailable
from graphql_api.data.records import Job, Problem, User

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import WaiterConfigTypeDef

TTL_ATTRIBUTE = "x"
STREAM_VIEW = "NEW_AND_OLD_IMAGES"
TAGS = {"Application": "AlgoItny"}
_WAIT: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 300}

# What the sweeper sees of an execution that is due.
_DUE_ATTRIBUTES = ("v", "tp", "u", "h", "st", "att", "lx", "rs", "pf", "pn")

# What workers keep on a job's card, and no list shows.
_FOR_WORKERS = ("ck", "cka")


def _projected(index: str) -> list[str]:
    """Return what an index carries besides the keys: attributes of the cards in its lists."""
    keys = {"PK", "SK", "g1p", "g1s", "g2p", "g2s"}
    names = {*Problem.attributes(), *Job.attributes()}
    names |= set(User.attributes()) if index == "GSI1" else set(_DUE_ATTRIBUTES)
    names -= set(_FOR_WORKERS)
    return sorted(names - keys)


def _index(name: str, partition: str, sort: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": _key_schema(partition, sort),
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": _projected(name)},
    }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


INDEXES = (_index("GSI1", "g1p", "g1s"), _index("GSI2", "g2p", "g2s"))


def definition(table_name: str) -> dict[str, Any]:
    """Return what `CreateTable` is asked for."""
    return {
        "TableName": table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("PK", "SK", "g1p", "g1s", "g2p", "g2s")
        ],
        "KeySchema": _key_schema("PK", "SK"),
        "GlobalSecondaryIndexes": list(INDEXES),
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": STREAM_VIEW},
        "DeletionProtectionEnabled": True,
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One setting: what was done about it, and whether the engine knows it at all."""

    setting: str
    outcome: str


class Table:
    """The table on one engine."""

    def __init__(self, client: "DynamoDBClient", table_name: str, environment: str) -> None:
        self._client = client
        self.name = table_name
        self._tags = {**TAGS, "Environment": environment}

    def provision(self, *, rebuild_indexes: bool = False) -> Iterator[Step]:
        """Make the table, or make an existing one agree; yields each step as it is done.

        `rebuild_indexes` removes an index that carries too little and makes it anew from the items;
        until it is filled, lists that read it are refused.

        Raises:
            Conflict: a table of that name has other keys, an index with other attributes, or its
                time to live on another attribute.
            Unavailable: the engine does not answer, or refuses.
        """
        with self._engine():
            yield self._ensure_exists()
            self._check_keys()
            yield self._ensure_billing()
            yield from self._reconcile_indexes(rebuild=rebuild_indexes)
            yield self._ensure_stream_and_protection()
            yield _unless_unknown("time to live", self._ensure_ttl)
            yield _unless_unknown("point-in-time recovery", self._ensure_recovery)
            yield _unless_unknown("tags", self._ensure_tags)

    def describe(self) -> dict[str, Any] | None:
        """Return the engine's description, None where there is no table.

        Raises:
            Unavailable: the engine does not answer, or refuses.
        """
        with self._engine():
            try:
                return dict(self._client.describe_table(TableName=self.name)["Table"])
            except self._client.exceptions.ResourceNotFoundException:
                return None

    def drop(self) -> bool:
        """Remove the table with everything in it; False where there is none.

        Raises:
            Unavailable: the engine does not answer, or refuses.
        """
        found = self.describe()
        if found is None:
            return False
        with self._engine():
            if found.get("DeletionProtectionEnabled"):
                self._client.update_table(TableName=self.name, DeletionProtectionEnabled=False)
            self._client.delete_table(TableName=self.name)
            waiter = self._client.get_waiter("table_not_exists")
            waiter.wait(TableName=self.name, WaiterConfig=_WAIT)
        return True

    @contextmanager
    def _engine(self) -> Iterator[None]:
        """Turn the engine's failures into one that a person can read."""
        try:
            yield
        except NoCredentialsError as error:
            raise Unavailable(NO_CREDENTIALS) from error
        except (ClientError, BotoCoreError) as error:
            where = self._client.meta.endpoint_url
            raise Unavailable(
                f"The database at {where} does not serve table {self.name}: {error}."
            ) from error

    def _ensure_exists(self) -> Step:
        try:
            self._client.create_table(**definition(self.name))
            outcome = "made"
        except self._client.exceptions.ResourceInUseException:
            outcome = "exists"
        self._wait()
        return Step("table", outcome)

    def _wait(self) -> None:
        """Wait until the table and each of its indexes serve; filling an index may take hours."""
        pause_s = 0.05
        while not _serves(self._found()):
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 5)

    def _found(self) -> dict[str, Any]:
        found = self.describe()
        if found is None:
            raise Unavailable(
                f"Table {self.name} disappeared during the setup. Run the command again."
            )
        return found

    def _check_keys(self) -> None:
        found = self._found()
        if sorted(map(_key_names, found["KeySchema"])) != [("PK", "HASH"), ("SK", "RANGE")]:
            raise Conflict(f"Table {self.name} exists with other keys. Choose another TABLE_NAME.")

    def _reconcile_indexes(self, *, rebuild: bool) -> Iterator[Step]:
        """Make the indexes that miss; on-demand billing comes first, as these name no capacity."""
        found = self._found()
        present = {index["IndexName"]: index for index in found.get("GlobalSecondaryIndexes", ())}
        for wanted in INDEXES:
            yield self._reconcile_index(wanted, present.get(wanted["IndexName"]), rebuild=rebuild)

    def _reconcile_index(
        self, wanted: dict[str, Any], present: dict[str, Any] | None, *, rebuild: bool
    ) -> Step:
        name = wanted["IndexName"]
        if present is None:
            self._change_index({"Create": wanted})
            return Step(f"index {name}", "made")
        carried = set(present["Projection"].get("NonKeyAttributes", ()))
        missing = set(wanted["Projection"]["NonKeyAttributes"]) - carried
        if not missing:
            return Step(f"index {name}", "as wanted")
        if not rebuild:
            raise Conflict(
                f"Index {name} lacks the attributes {', '.join(sorted(missing))}, and "
                "DynamoDB cannot add attributes to an index. Run `algoitny table init "
                "--rebuild-indexes` to create it again; lists are unavailable until it is"
                " filled."
            )
        self._change_index({"Delete": {"IndexName": name}})
        self._change_index({"Create": wanted})
        return Step(f"index {name}", "made anew")

    def _change_index(self, change: dict[str, Any]) -> None:
        self._client.update_table(
            TableName=self.name,
            AttributeDefinitions=definition(self.name)["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[change],  # type: ignore[list-item]
        )
        self._wait()

    def _ensure_billing(self) -> Step:
        if self._found().get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
            return Step("on-demand billing", "as wanted")
        self._client.update_table(TableName=self.name, BillingMode="PAY_PER_REQUEST")
        self._wait()
        return Step("on-demand billing", "set")

    def _ensure_stream_and_protection(self) -> Step:
        found = self._found()
        changes: list[tuple[str, dict[str, Any]]] = []
        if not found.get("StreamSpecification", {}).get("StreamEnabled"):
            stream = {"StreamEnabled": True, "StreamViewType": STREAM_VIEW}
            changes.append(("stream", {"StreamSpecification": stream}))
        # Last: DynamoDB Local takes it off at every update that does not name it.
        if not found.get("DeletionProtectionEnabled"):
            changes.append(("deletion protection", {"DeletionProtectionEnabled": True}))
        for _, change in changes:
            self._client.update_table(TableName=self.name, **change)
            self._wait()
        names = ", ".join(name for name, _ in changes)
        return Step("stream, deletion protection", f"set: {names}" if names else "as wanted")

    def _ensure_ttl(self) -> str:
        if self._has_ttl():
            return "as wanted"
        try:
            self._client.update_time_to_live(
                TableName=self.name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE},
            )
        except ClientError:
            if not self._has_ttl():  # or another set it meanwhile
                raise
            return "as wanted"
        return "set"

    def _has_ttl(self) -> bool:
        found = self._client.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
        if found.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            return False
        attribute = found.get("AttributeName", TTL_ATTRIBUTE)
        if attribute != TTL_ATTRIBUTE:
            raise Conflict(
                f"Table {self.name} has its time to live on attribute {attribute}. Turn it"
                " off, and an hour later run `algoitny table init` again."
            )
        return True

    def _ensure_recovery(self) -> str:
        found = self._client.describe_continuous_backups(TableName=self.name)
        recovery = found["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
            return "as wanted"
        self._client.update_continuous_backups(
            TableName=self.name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        return "set"

    def _ensure_tags(self) -> str:
        arn = self._found()["TableArn"]
        found = self._client.list_tags_of_resource(ResourceArn=arn).get("Tags", [])
        if self._tags.items() <= {tag["Key"]: tag["Value"] for tag in found}.items():
            return "as wanted"
        tags = [{"Key": key, "Value": value} for key, value in self._tags.items()]
        self._client.tag_resource(ResourceArn=arn, Tags=tags)  # type: ignore[arg-type]
        return "set"


def _serves(found: dict[str, Any]) -> bool:
    parts = [found["TableStatus"]]
    parts += [index.get("IndexStatus") for index in found.get("GlobalSecondaryIndexes", ())]
    return set(parts) <= {"ACTIVE", None}


def _key_names(entry: dict[str, str]) -> tuple[str, str]:
    return entry["AttributeName"], entry["KeyType"]


def _unless_unknown(setting: str, ensure: Callable[[], str]) -> Step:
    """Take a step that some engines do not know."""
    try:
        return Step(setting, ensure())
    except ClientError as error:
        if error.response["Error"]["Code"] != "UnknownOperationException":
            raise
        return Step(setting, "not known to this engine")


def open_table(settings: Settings) -> Table:
    """Return the table that the settings name; connects at its first use."""
    client = boto3.client(
        "dynamodb",
        region_name=settings.aws_default_region,
        endpoint_url=settings.dynamodb_endpoint,
        config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3}),
    )
    return Table(client, settings.table_name, settings.environment)
