"""All settings, typed, with their defaults and descriptions.

`get_settings()` reads the environment, and in development `.env`, once per process. The
descriptions of the fields become `docs/settings.md`.
"""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Environment(StrEnum):
    """Environment of the process. It decides the defaults of access."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


SHORTEST_SECRET = 32
DEVELOPMENT_SECRET = "development-only-secret-do-not-use-elsewhere"  # noqa: S105 - refused in production


def _words(value: object) -> object:
    """Split `a, b` into a tuple; values other than strings pass unchanged."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """The complete configuration of one process."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="`development` or `production`. Production refuses to start without "
        "`SECRET_KEYS`, "
        "and turns the playground, introspection for strangers and the development sign-in off.",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (SecretStr(DEVELOPMENT_SECRET),),
        description="Comma-separated secrets of at least 32 characters that sign access tokens "
        "and cursors. "
        "The first signs, all verify: put a new one in front to rotate.",
    )
    admin_emails: Words = Field(
        (), description="Comma-separated e-mail addresses whose users are administrators."
    )
    access_token_minutes: int = Field(
        60, ge=1, le=1440, description="Life of an access token, in minutes."
    )

    table_name: str = Field(
        "algoitny_main", min_length=3, max_length=255, description="The DynamoDB table."
    )
    aws_endpoint_url_dynamodb: str | None = Field(
        None,
        description="Another DynamoDB endpoint (ScyllaDB Alternator, DynamoDB Local). Unset: AWS "
        "itself; "
        "`make dev` starts its embedded engine only when this is unset.",
    )
    localstack_url: str | None = Field(
        None,
        description="Older name of `AWS_ENDPOINT_URL_DYNAMODB`, used when that is unset; also "
        "serves S3.",
    )
    aws_default_region: str = Field(
        "us-east-1", description="The AWS region of the table and of the bucket."
    )
    bodies_bucket: str | None = Field(
        None,
        description="S3 bucket for bodies over 300 KB (code, results, test data). Unset: they are "
        "split "
        "over several items of the table.",
    )
    feed_write_shards: int = Field(
        1,
        ge=1,
        le=16,
        description="Partitions that new feed entries are spread over. Raise `FEED_READ_SHARDS` "
        "everywhere "
        "first, then this; never lower either.",
    )
    feed_read_shards: int = Field(
        1, ge=1, le=16, description="Partitions that a feed page is merged from."
    )
    dynamodb_deadline_ms: int = Field(
        3000,
        ge=100,
        le=60_000,
        description="Time that one store operation may take, retries included, in milliseconds.",
    )
    dynamodb_max_connections: int = Field(
        64, ge=1, le=1000, description="HTTP connections to DynamoDB that one process keeps."
    )

    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis: announcements and short-lived data in the database named, the job "
        "queues in the "
        "database after it.",
    )
    redis_timeout_ms: int = Field(
        500, ge=10, le=60_000, description="Time-out of one Redis command, in milliseconds."
    )

    work_dir: Path = Field(
        Path(".data/work"),
        description="Where workers keep test sets and compiled programs between executions.",
    )
    judge_languages: Words = Field(
        (),
        description="Comma-separated languages that this worker offers, such as "
        "`python, cpp`. Empty: all that it finds on its host.",
    )
    judge_slots: int = Field(
        0,
        ge=0,
        le=1024,
        description="Sandboxes that may run at once on this host, over all worker processes. "
        "0: the number of CPU cores.",
    )
    judge_submission_seconds: int = Field(
        900,
        ge=1,
        le=21_600,
        description="How long the tests of one submission may run in all, in seconds; waiting for "
        "a sandbox does not count. After that no test is begun: who passed all until then is too "
        "slow (TLE) at the next, the rest is SKIPPED. Raise it for problems whose tests take a "
        "right program longer.",
    )
    lease_seconds: int = Field(
        10,
        ge=2,
        le=600,
        description="A worker's claim on an execution ends this long after its last renewal.",
    )
    attempt_cap: int = Field(
        3,
        ge=1,
        le=20,
        description="Times that an execution is begun before it is marked FAILED and refunded.",
    )
    sweep_seconds: int = Field(
        15, ge=1, le=600, description="Pause between two looks for overdue executions."
    )
    run_wait_seconds: int = Field(
        30,
        ge=1,
        le=300,
        description="How long `runCode` waits for a worker to begin before it gives the unit of "
        "quota back, in seconds.",
    )
    run_seconds: int = Field(
        25,
        ge=2,
        le=300,
        description="How long a program of `runCode` may take once it has begun, compiling "
        "included, in seconds. Proxies before the API must wait for both and 10 seconds more.",
    )

    log_level: str = Field("info", description="`debug`, `info`, `warning` or `error`.")
    log_format: str = Field(
        "auto",
        pattern="^(auto|json|console)$",
        description="`json`, `console`, or `auto`: console on a terminal.",
    )
    playground: bool | None = Field(
        None, description="Serve GraphiQL at `/graphql`. Unset: in development only."
    )
    introspection: bool | None = Field(
        None,
        description="Answer introspection to callers who are not signed in. Unset: not in "
        "production.",
    )
    allowed_origins: Words = Field(
        (),
        description="Comma-separated origins (`https://app.example.org`) whose browsers may call "
        "the API.",
    )

    @field_validator(
        "admin_emails", "allowed_origins", "judge_languages", "secret_keys", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return _words(value)

    @model_validator(mode="after")
    def _check(self) -> "Settings":
        if self.feed_read_shards < self.feed_write_shards:
            raise ValueError("FEED_READ_SHARDS must not be below FEED_WRITE_SHARDS")
        if not self.secret_keys:
            raise ValueError("SECRET_KEYS must name at least one secret")
        if self.environment is Environment.PRODUCTION:
            self._check_production()
        return self

    def _check_production(self) -> None:
        for key in self.secret_keys:
            secret = key.get_secret_value()
            if secret == DEVELOPMENT_SECRET or len(secret) < SHORTEST_SECRET:
                raise ValueError(
                    "SECRET_KEYS must hold secrets of at least 32 characters in production; make "
                    "one with "
                    "`python -c 'import secrets; print(secrets.token_urlsafe(32))'`"
                )

    @property
    def dynamodb_endpoint(self) -> str | None:
        """The endpoint of DynamoDB; None is AWS itself."""
        return self.aws_endpoint_url_dynamodb or self.localstack_url

    @property
    def is_development(self) -> bool:
        """True if the development sign-in is available."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def signing_secrets(self) -> tuple[bytes, ...]:
        """The secrets; the first one signs."""
        return tuple(key.get_secret_value().encode() for key in self.secret_keys)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read at the first call."""
    return Settings()
