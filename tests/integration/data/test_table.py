"""Making the table: idempotent, reconciling, and honest about what an engine does not know."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.stub import ANY, Stubber

from graphql_api.config import Settings
from graphql_api.data.errors import Conflict
from graphql_api.data.table import STREAM_VIEW, Table, definition, open_table
from tests.conftest import make_settings

pytestmark = pytest.mark.dynamodb


@pytest.fixture
def fresh(dynamodb_endpoint: str) -> Settings:
    name = f"table-{uuid4().hex[:12]}"
    return make_settings(aws_endpoint_url_dynamodb=dynamodb_endpoint, table_name=name)


def client(settings: Settings) -> Any:
    return boto3.client(
        "dynamodb", region_name="us-east-1", endpoint_url=settings.aws_endpoint_url_dynamodb
    )


@pytest.fixture
def table(fresh: Settings) -> Iterator[Table]:
    found = open_table(fresh)
    yield found
    found.drop()


def outcomes(table: Table) -> dict[str, str]:
    return {step.setting: step.outcome for step in table.provision()}


def test_a_new_table_has_the_keys_indexes_and_settings_of_the_design(table: Table) -> None:
    outcomes(table)
    found = table.describe()
    assert found is not None
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert found["DeletionProtectionEnabled"] is True
    assert found["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": STREAM_VIEW}
    assert {attribute["AttributeType"] for attribute in found["AttributeDefinitions"]} == {"S"}
    indexes = {index["IndexName"]: index for index in found["GlobalSecondaryIndexes"]}
    assert sorted(indexes) == ["GSI1", "GSI2"]
    assert all(index["Projection"]["ProjectionType"] == "INCLUDE" for index in indexes.values())


def test_the_indexes_carry_no_more_attributes_than_dynamodb_allows() -> None:
    """INCLUDE projections name at most 100 attributes over all indexes of a table."""
    carried = [
        name
        for index in definition("any")["GlobalSecondaryIndexes"]
        for name in index["Projection"]["NonKeyAttributes"]
    ]
    assert len(carried) <= 100


def test_making_it_twice_changes_nothing_the_second_time(table: Table) -> None:
    assert outcomes(table)["table"] == "made"
    second = outcomes(table)
    assert second.pop("table") == "exists"
    assert set(second.values()) <= {"as wanted", "not known to this engine"}


def test_settings_that_drifted_are_set_again(table: Table, fresh: Settings) -> None:
    bare = definition(fresh.table_name)
    bare.pop("StreamSpecification")
    bare |= {"DeletionProtectionEnabled": False, "GlobalSecondaryIndexes": []}
    bare["AttributeDefinitions"] = bare["AttributeDefinitions"][:2]
    bare.pop("GlobalSecondaryIndexes")
    client(fresh).create_table(**bare)
    found = outcomes(table)
    assert found["index GSI1"] == found["index GSI2"] == "made"
    assert found["billing, stream, deletion protection"] == "set: deletion protection, stream"
    assert found["time to live"] == "set"


def test_a_table_with_other_keys_is_refused_and_left_alone(table: Table, fresh: Settings) -> None:
    client(fresh).create_table(
        TableName=fresh.table_name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    with pytest.raises(Conflict, match="other keys"):
        outcomes(table)
    found = table.describe()
    assert found is not None
    assert found.get("DeletionProtectionEnabled", False) is False


def test_dropping_says_whether_there_was_a_table(table: Table) -> None:
    assert table.drop() is False
    outcomes(table)
    assert table.drop() is True
    assert table.describe() is None


def test_recovery_and_tags_are_asked_for_where_the_engine_knows_them() -> None:
    """DynamoDB Local knows neither, so that botocore's Stubber stands in for the engine."""
    stubbed = boto3.client("dynamodb", region_name="us-east-1")
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/named"
    with Stubber(stubbed) as stub:
        for method, answer, request in _a_table_without_recovery_and_tags(arn):
            stub.add_response(method, answer, request)
        steps = {
            step.setting: step.outcome for step in Table(stubbed, "named", "production").provision()
        }
        stub.assert_no_pending_responses()
    assert steps["point-in-time recovery"] == steps["tags"] == "set"


def _a_table_without_recovery_and_tags(arn: str) -> Iterator[tuple[str, Any, Any]]:
    named = {"TableName": "named"}
    wanted = definition("named")
    description = {
        "TableArn": arn,
        "TableStatus": "ACTIVE",
        "KeySchema": wanted["KeySchema"],
        "GlobalSecondaryIndexes": wanted["GlobalSecondaryIndexes"],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "DeletionProtectionEnabled": True,
        "StreamSpecification": wanted["StreamSpecification"],
    }
    described = ("describe_table", {"Table": description}, named)
    yield "create_table", {"TableDescription": {"TableName": "named"}}, {**wanted, "TableName": ANY}
    yield from [described] * 3
    yield "describe_time_to_live", {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}}, named
    off = {"ContinuousBackupsStatus": "ENABLED"}
    yield "describe_continuous_backups", {"ContinuousBackupsDescription": off}, named
    on = {"PointInTimeRecoveryEnabled": True}
    yield (
        "update_continuous_backups",
        {"ContinuousBackupsDescription": off},
        {**named, "PointInTimeRecoverySpecification": on},
    )
    yield described
    yield "list_tags_of_resource", {"Tags": []}, {"ResourceArn": arn}
    tags = [
        {"Key": "Application", "Value": "AlgoItny"},
        {"Key": "Environment", "Value": "production"},
    ]
    yield "tag_resource", {}, {"ResourceArn": arn, "Tags": tags}
