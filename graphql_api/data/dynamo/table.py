"""The definition of the table, and its creation in DynamoDB.

The creation is idempotent. If the table exists, only the settings that differ from the definition
are changed.
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
from graphql_api.data.keys import INDEX_KEYS
from graphql_api.data.records import Job, Problem, User

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import WaiterConfigTypeDef

TTL_ATTRIBUTE = "x"
STREAM_VIEW = "NEW_AND_OLD_IMAGES"
TAGS = {"Application": "AlgoItny"}
_WAIT: "WaiterConfigTypeDef" = {"Delay": 1, "MaxAttempts": 300}

# Attributes of an overdue execution. Only the sweeper reads them from the index.
_DUE_ATTRIBUTES = ("v", "tp", "u", "h", "st", "att", "lx", "rs", "pf", "pn")

# Attributes of a job's card that only workers use. Indexes do not copy these attributes.
_FOR_WORKERS = ("ck", "cka")


def _list_projected_attributes(index: str) -> list[str]:
    """Return the names of the attributes that an index copies from the table's items.

    The result contains no key attributes, because an index always contains them.
    """
    names = {*Problem.attributes(), *Job.attributes()}
    names |= set(User.attributes()) if index == "GSI1" else set(_DUE_ATTRIBUTES)
    names -= set(_FOR_WORKERS)
    return sorted(names - {"PK", "SK", *INDEX_KEYS})


def _index(name: str, partition: str, sort: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": _key_schema(partition, sort),
        "Projection": {
            "ProjectionType": "INCLUDE",
            "NonKeyAttributes": _list_projected_attributes(name),
        },
    }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


INDEXES = (_index("GSI1", "g1p", "g1s"), _index("GSI2", "g2p", "g2s"))


def definition(table_name: str) -> dict[str, Any]:
    """Return the definition of the table: the parameters of a `CreateTable` request."""
    return {
        "TableName": table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", *INDEX_KEYS)
        ],
        "KeySchema": _key_schema("PK", "SK"),
        "GlobalSecondaryIndexes": list(INDEXES),
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": STREAM_VIEW},
        "DeletionProtectionEnabled": True,
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the setup: a setting, and an outcome such as `created`, `set` or `unchanged`."""

    setting: str
    outcome: str


class Table:
    """The application's table in Amazon DynamoDB, or in a database engine with the same API."""

    def __init__(self, client: "DynamoDBClient", table_name: str, environment: str) -> None:
        self._client = client
        self.name = table_name
        self._tags = {**TAGS, "Environment": environment}

    def provision(self, *, rebuild_indexes: bool = False) -> Iterator[Step]:
        """Create the table, or update an existing table. Yield each step when it is done.

        With `rebuild_indexes`, an index without a required attribute is removed and created again.
        Lists that use this index are unavailable until the new index is filled.

        Raises:
            Conflict: a table of this name exists, but the table has other key attributes, or uses
                another attribute for the time to live.
            Conflict: `rebuild_indexes` is False, and an index lacks a required attribute.
            Unavailable: the engine did not answer or rejected the request.
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
        """Return the engine's description of the table, or None if the table does not exist.

        Raises:
            Unavailable: the engine did not answer or rejected the request.
        """
        with self._engine():
            try:
                return dict(self._client.describe_table(TableName=self.name)["Table"])
            except self._client.exceptions.ResourceNotFoundException:
                return None

    def drop(self) -> bool:
        """Remove the table with all items. Return False if the table does not exist.

        Raises:
            Unavailable: the engine did not answer or rejected the request.
        """
        description = self.describe()
        if description is None:
            return False
        with self._engine():
            if description.get("DeletionProtectionEnabled"):
                self._client.update_table(TableName=self.name, DeletionProtectionEnabled=False)
            self._client.delete_table(TableName=self.name)
            waiter = self._client.get_waiter("table_not_exists")
            waiter.wait(TableName=self.name, WaiterConfig=_WAIT)
        return True

    @contextmanager
    def _engine(self) -> Iterator[None]:
        """Run the block, and convert errors of the engine to `Unavailable`."""
        try:
            yield
        except NoCredentialsError as error:
            raise Unavailable(NO_CREDENTIALS) from error
        except (ClientError, BotoCoreError) as error:
            where = self._client.meta.endpoint_url
            raise Unavailable(
                f"The table {self.name} of the database at {where} cannot be used. Reason: {error}."
            ) from error

    def _ensure_exists(self) -> Step:
        try:
            self._client.create_table(**definition(self.name))
            outcome = "created"
        except self._client.exceptions.ResourceInUseException:
            outcome = "exists"
        self._wait()
        return Step("table", outcome)

    def _wait(self) -> None:
        """Wait until the table and its indexes are active. Filling an index may take hours."""
        pause_s = 0.05
        while not _is_active(self._describe_existing()):
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 5)

    def _describe_existing(self) -> dict[str, Any]:
        description = self.describe()
        if description is None:
            raise Unavailable(
                f"The table {self.name} was deleted during the setup. Run the command again."
            )
        return description

    def _check_keys(self) -> None:
        schema = self._describe_existing()["KeySchema"]
        if sorted(map(_key_names, schema)) != [("PK", "HASH"), ("SK", "RANGE")]:
            raise Conflict(
                f"The table {self.name} already exists, but its key attributes are not PK and SK. "
                "Set TABLE_NAME to another name."
            )

    def _reconcile_indexes(self, *, rebuild: bool) -> Iterator[Step]:
        """Create the missing indexes. With `rebuild`, create incomplete indexes again.

        On-demand billing must be set first, because the index definitions contain no capacity.
        """
        indexes = self._describe_existing().get("GlobalSecondaryIndexes", ())
        present = {index["IndexName"]: index for index in indexes}
        for wanted in INDEXES:
            yield self._reconcile_index(wanted, present.get(wanted["IndexName"]), rebuild=rebuild)

    def _reconcile_index(
        self, wanted: dict[str, Any], present: dict[str, Any] | None, *, rebuild: bool
    ) -> Step:
        name = wanted["IndexName"]
        if present is None:
            self._change_index({"Create": wanted})
            return Step(f"index {name}", "created")
        carried = set(present["Projection"].get("NonKeyAttributes", ()))
        missing = set(wanted["Projection"]["NonKeyAttributes"]) - carried
        if not missing:
            return Step(f"index {name}", "unchanged")
        if not rebuild:
            raise Conflict(
                f"Index {name} lacks the attributes {', '.join(sorted(missing))}, and DynamoDB "
                "cannot add attributes to an existing index. Run `algoitny table init "
                "--rebuild-indexes` to create the index again. Lists are unavailable until the "
                "new index is filled."
            )
        self._change_index({"Delete": {"IndexName": name}})
        self._change_index({"Create": wanted})
        return Step(f"index {name}", "created again")

    def _change_index(self, change: dict[str, Any]) -> None:
        self._client.update_table(
            TableName=self.name,
            AttributeDefinitions=definition(self.name)["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[change],  # type: ignore[list-item]
        )
        self._wait()

    def _billing_mode(self) -> str | None:
        summary: dict[str, Any] = self._describe_existing().get("BillingModeSummary", {})
        return summary.get("BillingMode")

    def _ensure_billing(self) -> Step:
        if self._billing_mode() == "PAY_PER_REQUEST":
            return Step("on-demand billing", "unchanged")
        self._client.update_table(TableName=self.name, BillingMode="PAY_PER_REQUEST")
        self._wait()
        return Step("on-demand billing", "set")

    def _ensure_stream_and_protection(self) -> Step:
        description = self._describe_existing()
        changes: list[tuple[str, dict[str, Any]]] = []
        if not description.get("StreamSpecification", {}).get("StreamEnabled"):
            stream = {"StreamEnabled": True, "StreamViewType": STREAM_VIEW}
            changes.append(("stream", {"StreamSpecification": stream}))
        # DynamoDB Local clears the deletion protection in each update that does not set it. So the
        # deletion protection is set last.
        if not description.get("DeletionProtectionEnabled"):
            changes.append(("deletion protection", {"DeletionProtectionEnabled": True}))
        for _, change in changes:
            self._client.update_table(TableName=self.name, **change)
            self._wait()
        names = ", ".join(name for name, _ in changes)
        return Step("stream, deletion protection", f"set: {names}" if names else "unchanged")

    def _ensure_ttl(self) -> str:
        if self._has_ttl():
            return "unchanged"
        try:
            self._client.update_time_to_live(
                TableName=self.name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE},
            )
        except ClientError:
            if not self._has_ttl():  # another process may have set the time to live
                raise
            return "unchanged"
        return "set"

    def _has_ttl(self) -> bool:
        ttl = self._client.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
        if ttl.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            return False
        attribute = ttl.get("AttributeName", TTL_ATTRIBUTE)
        if attribute != TTL_ATTRIBUTE:
            raise Conflict(
                f"The table {self.name} uses another attribute, {attribute}, for the time to live "
                "of items. Turn time to live off, wait for an hour, and run `algoitny table init` "
                "again."
            )
        return True

    def _ensure_recovery(self) -> str:
        backups = self._client.describe_continuous_backups(TableName=self.name)
        recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
            return "unchanged"
        self._client.update_continuous_backups(
            TableName=self.name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        return "set"

    def _ensure_tags(self) -> str:
        arn = self._describe_existing()["TableArn"]
        present = self._client.list_tags_of_resource(ResourceArn=arn).get("Tags", [])
        if self._tags.items() <= {tag["Key"]: tag["Value"] for tag in present}.items():
            return "unchanged"
        tags = [{"Key": key, "Value": value} for key, value in self._tags.items()]
        self._client.tag_resource(ResourceArn=arn, Tags=tags)  # type: ignore[arg-type]
        return "set"


def _is_active(description: dict[str, Any]) -> bool:
    indexes = description.get("GlobalSecondaryIndexes", ())
    statuses = {description["TableStatus"], *(index.get("IndexStatus") for index in indexes)}
    return statuses <= {"ACTIVE", None}


def _key_names(entry: dict[str, str]) -> tuple[str, str]:
    return entry["AttributeName"], entry["KeyType"]


def _unless_unknown(setting: str, ensure: Callable[[], str]) -> Step:
    """Run `ensure` for a setting of the table. Return the setting with the outcome of `ensure`.

    If the engine does not support the setting, the outcome is "not supported by this engine".
    """
    try:
        return Step(setting, ensure())
    except ClientError as error:
        if error.response["Error"]["Code"] != "UnknownOperationException":
            raise
        return Step(setting, "not supported by this engine")


def open_table(settings: Settings) -> Table:
    """Return the table given by the settings. The first request opens the connection."""
    client = boto3.client(
        "dynamodb",
        region_name=settings.aws_default_region,
        endpoint_url=settings.dynamodb_endpoint,
        config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3}),
    )
    return Table(client, settings.table_name, settings.environment)
