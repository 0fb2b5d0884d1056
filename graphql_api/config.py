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
    """Environment of the process. It selects the defaults of the settings that permit access."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


SHORTEST_SECRET = 32
DEVELOPMENT_SECRET = "development-only-secret-do-not-use-elsewhere"  # noqa: S105 - production rejects it


def _split_words(value: object) -> object:
    """Split a string such as `a, b` into a tuple. Return any other value unchanged."""
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
        description="`development` or `production`. Production requires `SECRET_KEYS`, and "
        "disables the playground, introspection for callers who are not signed "
        "in, and the development sign-in.",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (SecretStr(DEVELOPMENT_SECRET),),
        description="Comma-separated secrets of at least 32 characters that sign access "
        "tokens and cursors. The first one signs, all of them verify: to "
        "rotate, put a new one first.",
    )
    admin_emails: Words = Field(
        (), description="Comma-separated e-mail addresses whose users are administrators."
    )
    access_token_minutes: int = Field(
        60, ge=1, le=1440, description="Lifetime of an access token, in minutes."
    )

    table_name: str = Field(
        "algoitny_main", min_length=3, max_length=255, description="Name of the DynamoDB table."
    )
    aws_endpoint_url_dynamodb: str | None = Field(
        None,
        description="Endpoint of a DynamoDB-compatible engine (ScyllaDB Alternator, "
        "DynamoDB Local). Unset: AWS; `make dev` starts its embedded engine "
        "only if this is unset.",
    )
    localstack_url: str | None = Field(
        None,
        description="Older name of `AWS_ENDPOINT_URL_DYNAMODB`, used if that is unset. It "
        "is also the endpoint of S3.",
    )
    aws_default_region: str = Field(
        "us-east-1", description="AWS region of the table and of the bucket."
    )
    bodies_bucket: str | None = Field(
        None,
        description="S3 bucket for bodies over 300 KB (code, results, test data). Unset: "
        "they are split over several items of the table.",
    )
    feed_write_shards: int = Field(
        1,
        ge=1,
        le=16,
        description="Number of partitions for new feed entries. To raise it, first raise "
        "`FEED_READ_SHARDS` in all processes, then this. Never lower either of "
        "them.",
    )
    feed_read_shards: int = Field(
        1, ge=1, le=16, description="Number of partitions from which a feed page is merged."
    )
    dynamodb_deadline_ms: int = Field(
        3000,
        ge=100,
        le=60_000,
        description="Time limit of one store operation, including retries, in milliseconds.",
    )
    dynamodb_max_connections: int = Field(
        64, ge=1, le=1000, description="Maximum number of HTTP connections to DynamoDB per process."
    )

    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis. Announcements and short-lived data are in the database that the "
        "URL names, the message queues in the database after it.",
    )
    redis_timeout_ms: int = Field(
        500, ge=10, le=60_000, description="Time-out of one Redis command, in milliseconds."
    )

    work_dir: Path = Field(
        Path(".data/work"),
        description="Directory in which workers cache test sets and compiled programs.",
    )
    judge_languages: Words = Field(
        (),
        description="Comma-separated languages that this worker offers, such as `python, "
        "cpp`. Empty: all languages that it finds on its host.",
    )
    judge_slots: int = Field(
        0,
        ge=0,
        le=1024,
        description="Maximum number of sandboxes that run at the same time on this host, "
        "over all worker processes. 0: the number of CPU cores.",
    )
    judge_submission_seconds: int = Field(
        900,
        ge=1,
        le=21_600,
        description="Total running time of the tests of one submission, in seconds, without "
        "the time spent waiting for a sandbox. After that no further test is "
        "started: if all tests passed so far, the next one gets TLE; the others "
        "are SKIPPED. Raise it for problems whose tests take a correct program "
        "longer.",
    )
    lease_seconds: int = Field(
        10,
        ge=2,
        le=600,
        description="Lifetime of a worker's lease on an execution after its last renewal, "
        "in seconds.",
    )
    attempt_cap: int = Field(
        3,
        ge=1,
        le=20,
        description="Number of times that an execution is started before it becomes FAILED "
        "and is refunded.",
    )
    sweep_seconds: int = Field(
        15,
        ge=1,
        le=600,
        description="Pause between two searches for overdue executions, in seconds.",
    )
    run_wait_seconds: int = Field(
        30,
        ge=1,
        le=300,
    executions_per_user: int = Field(
        2,
        ge=1,
        le=1024,
        description="Number of executions of one user that the workers of a host handle at the "
        "same time while executions of other users are waiting. The same number "
        "applies to custom runs.",
    )
        description="Time that `runCode` waits for a worker to start the run before it "
        "refunds the unit of quota, in seconds.",
    )
    run_seconds: int = Field(
        25,
        ge=2,
        le=300,
        description="Time that a started run of `runCode` may take, including compilation, "
        "in seconds. The time-out of proxies in front of the API must be at "
        "least `RUN_WAIT_SECONDS` + `RUN_SECONDS` + 10 seconds.",
    )

    log_level: str = Field("info", description="`debug`, `info`, `warning` or `error`.")
    log_format: str = Field(
        "auto",
        pattern="^(auto|json|console)$",
        description="`json`, `console`, or `auto`: console on a terminal, else JSON.",
    )
    playground: bool | None = Field(
        None, description="Whether GraphiQL is served at `/graphql`. Unset: only in development."
    )
    introspection: bool | None = Field(
        None,
        description="Whether callers who are not signed in may use introspection. Unset: "
        "only in development.",
    )
    document_kb: int = Field(
        64,
        ge=1,
        le=1024,
        description="Maximum size of the text of a GraphQL document, in KB.",
    )
    allowed_origins: Words = Field(
        (),
        description="Comma-separated origins (`https://app.example.org`) whose web pages "
        "may call the API (CORS).",
    )

    @field_validator(
        "admin_emails", "allowed_origins", "judge_languages", "secret_keys", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return _split_words(value)

    @model_validator(mode="after")
    def _check(self) -> "Settings":
        if self.feed_read_shards < self.feed_write_shards:
            raise ValueError("FEED_READ_SHARDS must be at least FEED_WRITE_SHARDS.")
        if not self.secret_keys:
            raise ValueError("SECRET_KEYS must contain at least one secret.")
        if self.environment is Environment.PRODUCTION:
            self._check_production()
        return self

    def _check_production(self) -> None:
        for key in self.secret_keys:
            secret = key.get_secret_value()
            if secret == DEVELOPMENT_SECRET or len(secret) < SHORTEST_SECRET:
                raise ValueError(
                    "SECRET_KEYS must contain secrets of at least 32 characters in production. "
                    "Create one with "
                    "`python -c 'import secrets; print(secrets.token_urlsafe(32))'`."
                )

    @property
    def dynamodb_endpoint(self) -> str | None:
        """The endpoint of DynamoDB. None means the endpoint of AWS."""
        return self.aws_endpoint_url_dynamodb or self.localstack_url

    @property
    def is_development(self) -> bool:
        """True if the development sign-in is available."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def signing_secrets(self) -> tuple[bytes, ...]:
        """The secrets of access tokens. The first secret signs; all secrets verify."""
        return tuple(key.get_secret_value().encode() for key in self.secret_keys)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read at the first call."""
    return Settings()
