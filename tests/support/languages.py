"""A language that a worker announces."""

from graphql_api.data.languages import LanguageInfo

PYTHON = LanguageInfo(
    id="python",
    name="Python",
    version="3",
    aliases=(),
    file_name="main.py",
    compile_command=None,
    run_command="python3 main.py",
)
