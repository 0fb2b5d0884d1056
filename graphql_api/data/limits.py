"""Limits of the product and the normal forms of inputs, each defined once.

A name ends in its unit. Sizes in bytes are those of the text in UTF-8; KB and MB are powers of
1024. A pair is a range: its smallest and largest value, both allowed. The limits of a GraphQL
document (tokens, depth, cost) are in `schema/complexity.py`, and those of one run in a sandbox in
`judge/`.
"""

from graphql_api.data.errors import InvalidInput

KB = 1024
MB = 1024 * KB

# Programs: submissions, custom runs, solutions and checkers.
CODE_BYTES = 256 * KB

# Problems
PLATFORM_CHARACTERS = 40
NUMBER_CHARACTERS = 64
# A platform or problem number inside a key: DynamoDB limits a sort key to 1,024 bytes.
KEY_NAME_BYTES = 64
TITLE_CHARACTERS = 200
# A card holds at most this much of a title; the rest is cut off.
TITLE_BYTES = 300
# Each word of a title costs one list entry in the problem's transaction of at most 100 actions.
MAX_TITLE_WORDS = 32
# Each tag costs one list entry, too.
MAX_TAGS = 12
TAG_CHARACTERS = 50
TAG_BYTES = 64
URL_CHARACTERS = 2000
# The statement and the constraints, each.
STATEMENT_BYTES = 256 * KB
# The record of a statement or solution as JSON. It must fit in one item after compression.
TEXT_RECORD_BYTES = 256 * KB
CONTENT_HASH_CHARACTERS = 64
DELETION_REASON_CHARACTERS = 500
# A card holds at most this much of the reason; the rest is cut off.
DELETION_REASON_BYTES = 200
# 21 cards (a page of 20 and one more) take at most five blocks of 4 KB: 2.5 read units.
CARD_BYTES = 950

DEFAULT_TIME_LIMIT_MS = 2000
DEFAULT_MEMORY_LIMIT_KB = 256 * 1024
TIME_LIMIT_MS = (50, 60_000)
# 4 MB to 4 GB.
MEMORY_LIMIT_KB = (4 * 1024, 4 * 1024 * 1024)
MAX_LANGUAGE_LIMITS = 16
TIME_MULTIPLIER = (0.1, 100.0)
# The tolerances of the FLOAT comparer.
TOLERANCE = (0, 1)
# The longest `repr` of a float.
TOLERANCE_CHARACTERS = 24

# Checkers and interactors. They also read the test's files, so they get more than submissions.
DEFAULT_CHECKER_TIME_LIMIT_MS = 10_000
DEFAULT_CHECKER_MEMORY_LIMIT_KB = 512 * 1024
CHECKER_TIME_LIMIT_MS = (100, 60_000)
# 16 MB to 4 GB.
CHECKER_MEMORY_LIMIT_KB = (16 * 1024, 4 * 1024 * 1024)
MAX_CHECKER_ARGUMENTS = 20
CHECKER_ARGUMENT_CHARACTERS = 200
CHECKER_ARGUMENTS_BYTES = 1000
# The message of a checker's failure, and its judge message, as editors see them.
CHECKER_NOTE_BYTES = 4 * KB

# Test sets
MAX_TESTS = 2000
# The numbers of the samples, as text on the problem's card.
SAMPLES_CHARACTERS = 40
# The input or the output of one test in a request, whose body has at most `EDITOR_BODY_BYTES`.
TEST_FILE_BYTES = 16 * MB
# Input and output of one test together, and all tests of a set together.
TEST_BYTES = 64 * MB
TEST_SET_BYTES = 256 * MB

# Histories
AUTHOR_NAME_BYTES = 100
FAILURE_MESSAGE_BYTES = 120
# The output, error and expected output of a test, each.
SHOWN_OUTPUT_BYTES = 1 * KB
COMPILE_OUTPUT_BYTES = 64 * KB
IDEMPOTENCY_KEY_CHARACTERS = 128

# Custom runs
STDIN_BYTES = 256 * KB
RUN_TIME_LIMIT_MS = (50, 10_000)
# 4 MB to 1 GB.
RUN_MEMORY_LIMIT_KB = (4 * 1024, 1024 * 1024)
# The standard output and error of a custom run, each.
RUN_OUTPUT_BYTES = 64 * KB

# Users and plans
# RFC 5321 limits a path to 256 octets, two of which are its angle brackets.
EMAIL_CHARACTERS = 254
NAME_CHARACTERS = 100
NAME_BYTES = 200
# Usage records have a time to live of 90 days.
USAGE_DAYS = 90
PLAN_LIMIT_PER_DAY = 1_000_000
PLAN_KEY_CHARACTERS = 40

# Jobs
JOB_MESSAGE_BYTES = 300
# The parameters or the result of a job, as JSON.
JOB_BODY_BYTES = 8 * MB

# Lists and requests
DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
# As many as one BatchGetItem reads.
MAX_NODES = 100
CURSOR_CHARACTERS = 512
GLOBAL_ID_CHARACTERS = 400
TOKEN_CHARACTERS = 2048
BODY_BYTES = 1 * MB
# Editors send test data.
EDITOR_BODY_BYTES = 32 * MB


def normalise_tag(tag: str, field: str = "tags") -> str:
    """Return the form in which a tag is stored and compared: case-folded, with single spaces.

    Raises:
        InvalidInput: the tag is empty, too long, or contains '#', ':' or control characters.
    """
    normal = " ".join(tag.split()).casefold()
    if not normal or any(character in "#:" or character < " " for character in normal):
        raise InvalidInput(
            f"`{field}` must not be empty or contain '#', ':' or control characters.", (field,)
        )
    if len(normal) > TAG_CHARACTERS or len(normal.encode()) > TAG_BYTES:
        raise InvalidInput(
            f"`{field}` must have at most {TAG_CHARACTERS} characters and {TAG_BYTES} bytes.",
            (field,),
        )
    return normal
