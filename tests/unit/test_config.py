"""Settings: invalid values are refused, production is safe, and each setting is documented."""

import pytest
from pydantic import ValidationError

from graphql_api.cli.commands.settings import settings_markdown
from graphql_api.config import Environment, Settings
from tests.support.paths import ROOT

GOOD = "x" * 32


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


def test_production_without_secrets_does_not_start() -> None:
    with pytest.raises(ValidationError, match="secrets of at least 32 characters in production"):
        settings(environment="production")


def test_production_refuses_a_short_secret_even_behind_a_good_one() -> None:
    with pytest.raises(ValidationError, match="at least 32 characters"):
        settings(environment="production", secret_keys=f"{GOOD},short")


def test_a_refusal_shows_no_value_for_it_may_be_a_secret() -> None:
    given = {"secret_keys": "hunter2", "redis_url": "redis://u:hunter2@h/0"}
    with pytest.raises(ValidationError) as refused:
        settings(environment="production", **given)
    assert "SECRET_KEYS" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_production_starts_with_secrets_and_is_no_development() -> None:
    found = settings(environment="production", secret_keys=f"{GOOD}, {'y' * 40}")
    assert found.environment is Environment.PRODUCTION
    assert found.is_development is False
    assert found.signing_secrets == (GOOD.encode(), b"y" * 40)


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
