"""Creation of the table: idempotent, with reports of settings that an engine does not support."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.stub import ANY, Stubber

from graphql_api.config import Settings
from graphql_api.data.dynamo.table import STREAM_VIEW, Table, definition, open_table
from graphql_api.data.errors import Conflict
from tests.support.settings import make_settings

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


def time_to_live(settings: Settings) -> tuple[str, str]:
    found = client(settings).describe_time_to_live(TableName=settings.table_name)
    described = found["TimeToLiveDescription"]
    return described["TimeToLiveStatus"], described["AttributeName"]


def test_a_new_table_has_the_keys_indexes_and_settings_of_the_design(
    table: Table, fresh: Settings
) -> None:
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
    assert time_to_live(fresh) == ("ENABLED", "x")


def test_the_indexes_carry_no_more_attributes_than_dynamodb_allows() -> None:
    """INCLUDE projections name at most 100 attributes over all indexes of a table."""
    carried = [
        name
        for index in definition("any")["GlobalSecondaryIndexes"]
        for name in index["Projection"]["NonKeyAttributes"]
    ]
    assert len(carried) <= 100


def test_making_it_twice_changes_nothing_the_second_time(table: Table) -> None:
    assert outcomes(table)["table"] == "created"
    second = outcomes(table)
    assert second.pop("table") == "exists"
    assert set(second.values()) <= {"unchanged", "not supported by this engine"}


def test_two_who_make_it_at_once_both_find_it_made(table: Table, fresh: Settings) -> None:
    tables = [table, open_table(fresh)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(outcomes, tables))
    assert sorted(steps["table"] for steps in found) == ["created", "exists"]
    assert time_to_live(fresh) == ("ENABLED", "x")


def test_time_to_live_set_by_another_process_at_the_same_time_is_accepted() -> None:
    stubbed = boto3.client("dynamodb", region_name="us-east-1")
    named = {"TableName": "named"}
    off, on = ({"TimeToLiveDescription": {"TimeToLiveStatus": s}} for s in ("DISABLED", "ENABLING"))
    with Stubber(stubbed) as stub:
        stub.add_response("describe_time_to_live", off, named)
        stub.add_client_error("update_time_to_live", "ValidationException", "already enabled")
        stub.add_response("describe_time_to_live", on, named)
        assert Table(stubbed, "named", "development")._ensure_ttl() == "unchanged"
        stub.assert_no_pending_responses()


def test_settings_that_drifted_are_set_again(table: Table, fresh: Settings) -> None:
    bare = definition(fresh.table_name)
    bare.pop("StreamSpecification")
    bare |= {
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 25, "WriteCapacityUnits": 10},
        "DeletionProtectionEnabled": False,
        "GlobalSecondaryIndexes": [],
    }
    bare["AttributeDefinitions"] = bare["AttributeDefinitions"][:2]
    bare.pop("GlobalSecondaryIndexes")
    client(fresh).create_table(**bare)
    found = outcomes(table)
    assert found["index GSI1"] == found["index GSI2"] == "created"
    assert found["on-demand billing"] == found["time to live"] == "set"
    assert found["stream, deletion protection"] == "set: stream, deletion protection"
    described = table.describe()
    assert described is not None
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["DeletionProtectionEnabled"] is True
    assert described["StreamSpecification"]["StreamEnabled"] is True
    assert time_to_live(fresh) == ("ENABLED", "x")


def test_a_time_to_live_on_another_attribute_is_named_with_what_to_do(
    table: Table, fresh: Settings
) -> None:
    engine = client(fresh)
    engine.create_table(**definition(fresh.table_name))
    engine.update_time_to_live(
        TableName=fresh.table_name,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "TTL"},
    )
    with pytest.raises(Conflict, match=r"another attribute, TTL.*run `algoitny table init` again"):
        outcomes(table)


def test_an_index_with_too_few_attributes_is_created_again_on_request(
    table: Table, fresh: Settings
) -> None:
    poor = definition(fresh.table_name)
    first, second = poor["GlobalSecondaryIndexes"]
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["ti"]}
    poor["GlobalSecondaryIndexes"] = [first, {**second, "Projection": projection}]
    engine = client(fresh)
    engine.create_table(**poor)
    item = {"PK": {"S": "P#a#1"}, "SK": {"S": "M"}, "g2p": {"S": "LG#c"}, "g2s": {"S": "1"}}
    engine.put_item(TableName=fresh.table_name, Item={**item, "pn": {"S": "1"}})
    with pytest.raises(
        Conflict, match=r"GSI2 lacks the attributes .*table init --rebuild-indexes`"
    ):
        outcomes(table)
    rebuilt = {step.setting: step.outcome for step in table.provision(rebuild_indexes=True)}
    assert (rebuilt["index GSI1"], rebuilt["index GSI2"]) == ("unchanged", "created again")
    assert outcomes(table)["index GSI2"] == "unchanged"
    found = engine.query(
        TableName=fresh.table_name,
        IndexName="GSI2",
        KeyConditionExpression="g2p = :p",
        ExpressionAttributeValues={":p": {"S": "LG#c"}},
    )
    assert found["Items"] == [{**item, "pn": {"S": "1"}}]


def test_a_table_with_other_keys_is_refused_and_left_alone(table: Table, fresh: Settings) -> None:
    client(fresh).create_table(
        TableName=fresh.table_name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    with pytest.raises(Conflict, match="its key attributes are not PK and SK"):
        outcomes(table)
    found = table.describe()
    assert found is not None
    assert found.get("DeletionProtectionEnabled", False) is False


def test_dropping_says_whether_there_was_a_table(table: Table) -> None:
    assert table.drop() is False
    outcomes(table)
    assert table.drop() is True
    assert table.describe() is None


def test_it_is_made_when_the_table_and_its_indexes_serve() -> None:
    stubbed = boto3.client("dynamodb", region_name="us-east-1")
    named = {"TableName": "named"}
    making = [
        {"TableStatus": "CREATING"},
        {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [{"IndexStatus": "CREATING"}]},
        {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [{"IndexStatus": "ACTIVE"}]},
    ]
    with Stubber(stubbed) as stub:
        stub.add_response(
            "create_table",
            {"TableDescription": named},
            {**definition("named"), "TableName": ANY},
        )
        for description in making:
            stub.add_response("describe_table", {"Table": description}, named)
        step = next(Table(stubbed, "named", "production").provision())
        stub.assert_no_pending_responses()
    assert (step.setting, step.outcome) == ("table", "created")


def test_recovery_and_tags_are_asked_for_where_the_engine_knows_them() -> None:
    """DynamoDB Local supports neither, so botocore's Stubber replaces the engine."""
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
    yield from [described] * 5
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
