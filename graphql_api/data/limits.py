"""Limits of the product. Each limit is defined only here.

A name ends in its unit. Sizes in bytes are sizes of the text in UTF-8. KB and MB are powers of
1024. A pair is a range: the smallest and the largest allowed value. The limits of a GraphQL
document (tokens, depth, cost) are in `schema/complexity.py`. The limits of one run in a sandbox are
in `judge/`.
"""

KB = 1024
MB = 1024 * KB

# Programs: submissions, custom runs, solutions and checkers.
CODE_BYTES = 256 * KB

# Problems
PLATFORM_CHARACTERS = 40
NUMBER_CHARACTERS = 64
# A platform or problem number. It is part of keys, and DynamoDB limits a sort key to 1,024 bytes.
KEY_NAME_BYTES = 64
TITLE_CHARACTERS = 200
# A card contains at most this many bytes of a title; the rest is cut off.
TITLE_BYTES = 300
# Each word of a title costs one list entry in the problem's transaction of at most 100 actions.
MAX_TITLE_WORDS = 32
# Each tag also costs one list entry in that transaction.
MAX_TAGS = 12
TAG_CHARACTERS = 50
TAG_BYTES = 64
URL_CHARACTERS = 2000
# Maximum size of the statement, and of the constraints.
STATEMENT_BYTES = 256 * KB
# The record of a statement or solution as JSON. After compression, it must fit in one item.
TEXT_RECORD_BYTES = 256 * KB
CONTENT_HASH_CHARACTERS = 64
DELETION_REASON_CHARACTERS = 500
# A card contains at most this many bytes of the reason; the rest is cut off.
DELETION_REASON_BYTES = 200
# With cards of this size, 21 cards (a page of 20 and the next one) take at most five blocks of 4
# KB, which cost 2.5 read units.
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

# Checkers and interactors. They also read the files of the test, so their limits are higher than
# those of submissions.
DEFAULT_CHECKER_TIME_LIMIT_MS = 10_000
DEFAULT_CHECKER_MEMORY_LIMIT_KB = 512 * 1024
CHECKER_TIME_LIMIT_MS = (100, 60_000)
# 16 MB to 4 GB.
CHECKER_MEMORY_LIMIT_KB = (16 * 1024, 4 * 1024 * 1024)
MAX_CHECKER_ARGUMENTS = 20
CHECKER_ARGUMENT_CHARACTERS = 200
CHECKER_ARGUMENTS_BYTES = 1000
# For editors: the message of a checker's failure, and the judge message of a checker.
CHECKER_NOTE_BYTES = 4 * KB

# Test sets
MAX_TESTS = 2000
# Length of the text on a problem's card that lists the numbers of the samples.
SAMPLES_CHARACTERS = 40
# The input or the output of one test in a request. `EDITOR_BODY_BYTES` limits the whole request.
TEST_FILE_BYTES = 16 * MB
# Total size of the input and output of one test, and total size of all tests of a set.
TEST_BYTES = 64 * MB
TEST_SET_BYTES = 256 * MB

# Histories
AUTHOR_NAME_BYTES = 100
FAILURE_MESSAGE_BYTES = 120
# Maximum size of the output, of the standard error and of the expected output of a test.
SHOWN_OUTPUT_BYTES = 1 * KB
COMPILE_OUTPUT_BYTES = 64 * KB
IDEMPOTENCY_KEY_CHARACTERS = 128

# Custom runs
STDIN_BYTES = 256 * KB
RUN_TIME_LIMIT_MS = (50, 10_000)
# 4 MB to 1 GB.
RUN_MEMORY_LIMIT_KB = (4 * 1024, 1024 * 1024)
# Maximum size of the standard output, and of the standard error, of a custom run.
RUN_OUTPUT_BYTES = 64 * KB
# Callers of one API process that wait for a custom run at the same time.
WAITING_RUNS = 256
WAITING_RUNS_PER_USER = 4

# Users and plans
# RFC 5321 limits a path to 256 octets, including two angle brackets.
EMAIL_CHARACTERS = 254
NAME_CHARACTERS = 100
NAME_BYTES = 200
# Usage records have a time to live of 90 days.
USAGE_DAYS = 90
PLAN_LIMIT_PER_DAY = 1_000_000
PLAN_KEY_CHARACTERS = 40

# Jobs
JOB_MESSAGE_BYTES = 300
# Maximum size of a job's parameters, and of its result, as JSON.
JOB_BODY_BYTES = 8 * MB

# Lists and requests
DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
# One BatchGetItem reads at most 100 items.
MAX_NODES = 100
CURSOR_CHARACTERS = 512
GLOBAL_ID_CHARACTERS = 400
TOKEN_CHARACTERS = 2048
BODY_BYTES = 1 * MB
# Editors may send larger requests, because they send test data.
EDITOR_BODY_BYTES = 32 * MB

# One operation of the API. `ANSWER_MB` and `OPERATION_READS` are settings.
# Enough for a history of 2,000 tests with all fields of their results.
ANSWER_FIELDS = 50_000
ANSWER_ERRORS = 50
# Read units of DynamoDB. One unit is 4 KB with strong consistency, and otherwise 8 KB.
READ_UNITS = 8192
