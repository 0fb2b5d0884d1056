"""The limits of the product. Each limit is defined once, in this module.

The name of a limit ends in the unit. The bytes of a text are counted in UTF-8. 1 KB is 1,024 bytes,
and 1 MB is 1,024 KB. A pair contains the smallest and the largest allowed value.

Other limits: `schema/complexity.py` defines the limits of a GraphQL document (tokens, depth, cost).
`judge/` defines the limits of one run in a sandbox.
"""

KB = 1024
MB = 1024 * KB

# Programs: submissions, custom runs, solutions and checkers.
CODE_BYTES = 256 * KB

# Problems
PLATFORM_CHARACTERS = 40
NUMBER_CHARACTERS = 64
# Size of a platform or a problem number. Keys contain both, and DynamoDB limits a sort key to 1,024
# bytes.
KEY_NAME_BYTES = 64
TITLE_CHARACTERS = 200
# A longer title is truncated to this size on cards.
TITLE_BYTES = 300
# Each word of a title needs one list entry. All list entries of a problem are written in one
# transaction, which has at most 100 actions.
MAX_TITLE_WORDS = 32
# Each tag also needs one list entry in the same transaction.
MAX_TAGS = 12
TAG_CHARACTERS = 50
TAG_BYTES = 64
URL_CHARACTERS = 2000
# Maximum size of the statement, and of the constraints.
STATEMENT_BYTES = 256 * KB
# Size of a statement or a solution as JSON. After compression, the JSON must fit in one item.
TEXT_RECORD_BYTES = 256 * KB
CONTENT_HASH_CHARACTERS = 64
DELETION_REASON_CHARACTERS = 500
# A longer reason is truncated to this size on cards.
DELETION_REASON_BYTES = 200
# A query for a page of 20 cards reads 21 cards. With cards of this size, 21 cards take at most five
# blocks of 4 KB, which cost 2.5 read units.
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

# Checkers and interactors also read the files of the test. So their limits are higher than the
# limits of submissions.
DEFAULT_CHECKER_TIME_LIMIT_MS = 10_000
DEFAULT_CHECKER_MEMORY_LIMIT_KB = 512 * 1024
CHECKER_TIME_LIMIT_MS = (100, 60_000)
# 16 MB to 4 GB.
CHECKER_MEMORY_LIMIT_KB = (16 * 1024, 4 * 1024 * 1024)
MAX_CHECKER_ARGUMENTS = 20
CHECKER_ARGUMENT_CHARACTERS = 200
CHECKER_ARGUMENTS_BYTES = 1000
# Size of the texts for editors: the message of a checker's failure, and the judge message of a
# checker.
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
# Maximum number of callers of one API process that wait for custom runs at the same time.
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

# One GraphQL operation. `ANSWER_MB` and `OPERATION_READS` are settings, not limits of this module.
# This number is enough for a history of 2,000 tests with all fields of the results.
ANSWER_FIELDS = 50_000
ANSWER_ERRORS = 50
# Read units of DynamoDB. One unit is 4 KB with strong consistency, and otherwise 8 KB.
READ_UNITS = 8192
# The memory for large answers is shared by all operations of a process. Bodies and answers of at
# most this size do not need a part of the shared memory.
UNSHARED_BYTES = 64 * KB
# Maximum time that an operation waits for memory.
MEMORY_WAIT_S = 10
# If other operations wait for memory, a large answer is ended if the client has not read the answer
# within this time.
SLOW_ANSWER_S = 5
# Maximum size of the compressed bodies that one process reads at the same time.
READING_BYTES = 3 * MB
