"""All settings, typed, with their defaults and descriptions.

`get_settings()` reads the environment variables once per process. In development, it also reads
`.env`. A process is in production unless `ENVIRONMENT` is set. The page `docs/settings.md` is
generated from the descriptions of the fields.
"""

import sys
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)


class Environment(StrEnum):
    """The environment of a process.

    It selects the defaults of settings such as `PLAYGROUND` and `INTROSPECTION`.
    """

    DEVELOPMENT = "development"
    PRODUCTION = "production"


SHORTEST_SECRET_BYTES = 32
FEWEST_SECRET_CHARACTERS = 10
# If a process ends with this exit code, uvicorn ends, too. With any other exit code, uvicorn would
# start the process again and again.
START_FAILURE = 3
_ADVICE = "Create a secret with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`."
WEAK_SECRET = (
    f"`SECRET_KEYS` must contain secrets of at least {SHORTEST_SECRET_BYTES} bytes with at least "
    f"{FEWEST_SECRET_CHARACTERS} different characters. {_ADVICE}"
)
NO_SECRET = (
    f"`SECRET_KEYS` is not set. The API needs a secret to sign access tokens and cursors. {_ADVICE}"
)


class SettingError(ValueError):
    """The value of a setting is invalid. The message contains the setting's name and the remedy."""


class MissingSetting(SettingError):
    """A required setting is not set. The message contains the setting's name and the remedy."""


def _split_words(value: object) -> object:
    """Split a string such as `a, b` into a tuple. Return any other value unchanged."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _is_weak(secret: str) -> bool:
    is_short = len(secret.encode()) < SHORTEST_SECRET_BYTES
    return is_short or len(set(secret)) < FEWEST_SECRET_CHARACTERS


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
        Environment.PRODUCTION,
        description="`development` or `production`. In development, the programs read `.env`, "
        "serve the playground, allow introspection to callers who are not signed in, and provide "
        "the development sign-in (`signInForDevelopment`). `make dev` sets `development` for its "
        "programs.",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Comma-separated secrets of at least 32 bytes with at least 10 different "
        "characters. Keys derived from the secrets sign access tokens and cursors. The first "
        "secret signs, and all secrets verify. To rotate secrets, put a new secret first. Only "
        "the API needs this setting: do not give the secrets to workers.",
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
        description="Endpoint of a DynamoDB-compatible engine, such as ScyllaDB Alternator or "
        "DynamoDB Local. If unset, AWS is used. `make dev` starts its own local engine only if "
        "this setting is unset.",
    )
    localstack_url: str | None = Field(
        None,
        description="Earlier name of `AWS_ENDPOINT_URL_DYNAMODB`, used only if "
        "`AWS_ENDPOINT_URL_DYNAMODB` is unset. This address is also the endpoint of S3.",
    )
    aws_default_region: str = Field(
        "us-east-1", description="AWS region of the table and of the bucket."
    )
    bodies_bucket: str | None = Field(
        None,
        description="S3 bucket for contents over 300 KB (code, results, test data). If unset, "
        "such contents are split over several items of the table.",
    )
    feed_write_shards: int = Field(
        1,
        ge=1,
        le=16,
        description="Number of partitions for new entries of the public feed. To increase this "
        "number, first increase `FEED_READ_SHARDS` in all processes, and then this setting. Never "
        "decrease these two settings.",
    )
    feed_read_shards: int = Field(
        1,
        ge=1,
        le=16,
        description="Number of partitions from which a page of the public feed is "
        "merged. Must not be smaller than `FEED_WRITE_SHARDS`.",
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
        description="Address of Redis. The database in this address stores announcements and "
        "short-lived data. The database with the next number stores the message queues.",
    )
    redis_timeout_ms: int = Field(
        500, ge=10, le=60_000, description="Time limit of one Redis command, in milliseconds."
    )

    work_dir: Path = Field(
        Path(".data/work"),
        description="Directory in which workers cache test sets and compiled programs.",
    )
    judge_languages: Words = Field(
        (),
        description="Comma-separated languages that this worker supports, such as `python, cpp`. "
        "If empty, the worker supports all languages that it finds on its host.",
    )
    judge_slots: int = Field(
        0,
        ge=0,
        le=1024,
        description="Maximum number of sandboxes that run at the same time on this host, in all "
        "worker processes together. 0 means the number of CPU cores.",
    )
    judge_submission_seconds: int = Field(
        900,
        ge=1,
        le=21_600,
        description="Total running time of the tests of one submission, in seconds, without the "
        "time spent waiting for a sandbox. After this time, no further test is started. If all "
        "earlier tests passed, the next test gets the verdict TLE. All other tests are SKIPPED. "
        "Increase this setting for problems whose tests take a correct program longer.",
    )
    executions_per_user: int = Field(
        2,
        ge=1,
        le=1024,
        description="Number of executions of one user that the workers of a host handle at the "
        "same time while executions of other users are waiting. The same number "
        "applies to custom runs.",
    )
    lease_seconds: int = Field(
        10,
        ge=2,
        le=600,
        description="Lifetime of a worker's lease on an execution after its last renewal, "
        "in seconds. The clocks of the worker hosts must differ by less than half of it.",
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

    log_level: str = Field(
        "info",
        description="Lowest level of the log lines that are written: "
        "`debug`, `info`, `warning` or `error`.",
    )
    log_format: str = Field(
        "auto",
        pattern="^(auto|json|console)$",
        description="Format of log lines: `json`, `console` or `auto`. `auto` means `console` on "
        "a terminal, and otherwise `json`.",
    )
    playground: bool | None = Field(
        None, description="Whether GraphiQL is served at `/graphql`. If unset, only in development."
    )
    introspection: bool | None = Field(
        None,
        description="Whether callers who are not signed in may use introspection. If unset, only "
        "in development.",
    )
    document_kb: int = Field(
        64,
        ge=1,
        le=1024,
        description="Maximum size of the text of a GraphQL document, in KB.",
    )
    answer_mb: int = Field(
        16,
        ge=1,
        le=1024,
        description="Maximum size of the answer of a GraphQL operation, in MB. The contents that "
        "the operation reads (codes, results, texts and tests) have the same maximum size.",
    )
    answers_mb: int = Field(
        24,
        ge=1,
        le=65_536,
        description="Memory of one API process for large answers, in MB. An operation whose "
        "answer would exceed this memory waits. Must not be smaller than `ANSWER_MB`.",
    )
    operation_reads: int = Field(
        100,
        ge=10,
        le=10_000,
        description="Maximum number of requests to DynamoDB that the reads of a GraphQL operation "
        "may make. Retries, and the requests by which a mutation makes its change, do not count.",
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
            raise ValueError(
                "`FEED_READ_SHARDS` must not be smaller than `FEED_WRITE_SHARDS`. Increase "
                "`FEED_READ_SHARDS`."
            )
        if self.answers_mb < self.answer_mb:
            raise ValueError(
                "`ANSWERS_MB` must not be smaller than `ANSWER_MB`. Increase `ANSWERS_MB`."
            )
        if any(_is_weak(key.get_secret_value()) for key in self.secret_keys):
            raise ValueError(WEAK_SECRET)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources of the settings. `.env` is a source only in development.

        The setting `ENVIRONMENT` has no effect in `.env`, because the environment must be known
        before `.env` is read.
        """
        del settings_cls, file_secret_settings
        environment = {**env_settings(), **init_settings()}.get("environment")
        if environment == Environment.DEVELOPMENT:
            return init_settings, env_settings, dotenv_settings
        return init_settings, env_settings

    @property
    def dynamodb_endpoint(self) -> str | None:
        """The endpoint of DynamoDB. None means the endpoint of AWS."""
        return self.aws_endpoint_url_dynamodb or self.localstack_url

    @property
    def is_development(self) -> bool:
        """True in development, where callers can sign in without a password."""
        return self.environment is Environment.DEVELOPMENT

    def require_secrets(self) -> None:
        """Check that SECRET_KEYS is set.

        Raises:
            MissingSetting: SECRET_KEYS is not set.
        """
        if not self.secret_keys:
            raise MissingSetting(NO_SECRET)

    def without_secrets(self) -> "Settings":
        """Return a copy without `SECRET_KEYS`, for a process that does not sign tokens."""
        return self.model_copy(update={"secret_keys": ()})

    @property
    def signing_secrets(self) -> tuple[bytes, ...]:
        """The secrets for signing access tokens and cursors.

        New values are signed with the first secret. A value signed with any secret is valid.

        Raises:
            MissingSetting: SECRET_KEYS is not set.
        """
        self.require_secrets()
        return tuple(key.get_secret_value().encode() for key in self.secret_keys)


def describe_setting_error(error: SettingError | ValidationError) -> str:
    """Return a message for the operator that describes the error, one line per setting."""
    if isinstance(error, SettingError):
        return f"{error} (see docs/settings.md)"
    return "\n".join(_describe(detail) for detail in error.errors())


def exit_at_start(error: SettingError | ValidationError) -> NoReturn:
    """Print the message of a setting error, and end this process.

    Raises:
        SystemExit: Always. The exit code is `START_FAILURE`. With this exit code, uvicorn also
            ends, instead of starting the process again.
    """
    print(describe_setting_error(error), file=sys.stderr)  # noqa: T201 - the log is not open yet
    raise SystemExit(START_FAILURE) from None


def _describe(detail: ErrorDetails) -> str:
    name = ".".join(str(part) for part in detail["loc"]).upper()
    message = detail["msg"].removeprefix("Value error, ")
    return f"{name or 'settings'}: {message} (see docs/settings.md)"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read at the first call."""
    return Settings()
