"""Settings of the tests."""

from graphql_api.config import Environment, Settings

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
FEW_LANGUAGES = ("python", "c", "cpp", "javascript", "java")
# Time limit of one store operation and of one Redis command, long enough for a slow host.
PATIENCE_MS = 20_000
SECRET = "a-secret-of-the-tests-with-enough-characters"


def make_settings(**values: object) -> Settings:
    """Return the default settings of development with these values changed."""
    given = {"environment": Environment.DEVELOPMENT, "secret_keys": SECRET, **values}
    return Settings(_env_file=None, **given)  # type: ignore[arg-type]
