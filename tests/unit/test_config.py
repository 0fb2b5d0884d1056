"""Settings: invalid values are refused, production is safe, and each setting is documented."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from graphql_api.cli.commands.settings import settings_markdown
from graphql_api.config import Environment, MissingSetting, Settings
from tests.support.paths import ROOT

GOOD = "a-good-secret-of-32-bytes-0123456"
OTHER = "another-good-secret-0123456789-abcd"


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


def test_without_environment_a_process_is_in_production() -> None:
    assert settings().environment is Environment.PRODUCTION
    assert settings().is_development is False


def test_missing_secrets_stop_only_the_code_that_signs() -> None:
    with pytest.raises(
        MissingSetting, match=r"`SECRET_KEYS` is not set.*python3 -c 'import secrets"
    ):
        _ = settings().signing_secrets
    with pytest.raises(MissingSetting):
        _ = settings(environment="development").signing_secrets


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize(
    "weak",
    ["", "short", "0123456789" * 3, "x" * 32, "abcdefghi" * 20, "äöü" * 11],
    ids=["empty", "short", "30 bytes", "one character", "9 characters", "3 characters"],
)
def test_a_weak_secret_is_refused_even_behind_a_good_one(environment: str, weak: str) -> None:
    if weak:
        with pytest.raises(ValidationError, match="32 bytes with at least 10 different") as refused:
            settings(environment=environment, secret_keys=f"{GOOD},{weak}")
        assert "token_urlsafe" in str(refused.value)
    with pytest.raises((ValidationError, MissingSetting)):
        _ = settings(environment=environment, secret_keys=weak).signing_secrets


def test_the_length_of_a_secret_is_counted_in_bytes() -> None:
    assert settings(secret_keys="äöüßéèêëçñ" * 2 + "äöüß").signing_secrets


def test_a_refusal_shows_no_value_for_it_may_be_a_secret() -> None:
    given = {"secret_keys": "hunter2", "redis_url": "redis://u:hunter2@h/0"}
    with pytest.raises(ValidationError) as refused:
        settings(environment="production", **given)
    assert "SECRET_KEYS" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_all_secrets_are_used_in_their_order() -> None:
    found = settings(secret_keys=f"{GOOD}, {OTHER}")
    assert found.signing_secrets == (GOOD.encode(), OTHER.encode())
    with pytest.raises(MissingSetting):
        _ = found.without_secrets().signing_secrets


@pytest.mark.parametrize("value", ["ENVIRONMENT=development", "ENVIRONMENT=production"])
def test_the_env_file_is_read_in_development_only_and_cannot_choose_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"{value}\nPLAYGROUND=true\nADMIN_EMAILS=a@example.org\n")
    for name in (None, "production"):
        if name:
            monkeypatch.setenv("ENVIRONMENT", name)
        closed = Settings()
        assert (closed.is_development, closed.playground, closed.admin_emails) == (False, None, ())
    monkeypatch.setenv("ENVIRONMENT", "development")
    opened = Settings()
    assert (opened.is_development, opened.playground) == (True, True)


def test_the_table_and_its_region_have_names_unless_others_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("TABLE_NAME", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    found = settings()
    assert (found.table_name, found.aws_default_region) == ("algoitny_main", "us-east-1")
    monkeypatch.setenv("TABLE_NAME", "other")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-2")
    found = settings()
    assert (found.table_name, found.aws_default_region) == ("other", "ap-northeast-2")


def test_secrets_never_show_when_settings_are_printed() -> None:
    assert GOOD not in repr(settings(secret_keys=GOOD))


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_EMAILS", "a@example.org, b@example.org,")
    assert settings().admin_emails == ("a@example.org", "b@example.org")


def test_reading_fewer_feed_shards_than_are_written_is_refused() -> None:
    with pytest.raises(ValidationError, match="FEED_READ_SHARDS"):
        settings(feed_write_shards=4, feed_read_shards=2)


def test_the_older_endpoint_name_is_used_when_the_newer_is_unset() -> None:
    old = settings(localstack_url="http://127.0.0.1:4566")
    both = settings(localstack_url="http://127.0.0.1:4566", aws_endpoint_url_dynamodb="http://x:1")
    assert old.dynamodb_endpoint == "http://127.0.0.1:4566"
    assert both.dynamodb_endpoint == "http://x:1"
    assert settings().dynamodb_endpoint is None


def test_the_page_of_settings_is_the_one_that_the_settings_make() -> None:
    """`make docs` writes the file."""
    assert (ROOT / "docs/settings.md").read_text() == settings_markdown()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_says_what_it_means(name: str) -> None:
    assert len(Settings.model_fields[name].description or "") > 15
