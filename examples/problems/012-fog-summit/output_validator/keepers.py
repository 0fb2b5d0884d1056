"""Answers the calls of one program: argv is the input, the answer, the folder for messages."""

import re
import sys

ACCEPTED, REJECTED = 42, 43
MOST_CALLS = 40
LONGEST_LINE = 40


def end(code: int, team: str, judge: str) -> None:
    """Leave a word to the program's author and one to the problem's, and end."""
    for name, text in (("teammessage.txt", team), ("judgemessage.txt", judge)):
        with open(sys.argv[3] + name, "w") as file:
            file.write(text + "\n")
    sys.exit(code)


def talk(heights: list[int], summit: int) -> None:
    print(len(heights), flush=True)
    calls = 0
    while True:
        line = sys.stdin.readline(LONGEST_LINE)
        said = re.fullmatch(r"([?!]) ([1-9]\d{0,8})\s*", line)
        if not line:
            end(REJECTED, "the program ended without an answer", f"after {calls} calls")
        if not said or int(said[2]) > len(heights):
            end(REJECTED, "this is neither a call nor an answer", repr(line))
        post = int(said[2])
        if said[1] == "!":
            code = ACCEPTED if post == summit else REJECTED
            end(code, "" if code == ACCEPTED else "this is not the summit", f"post {post}, {calls} calls")
        calls += 1
        if calls > MOST_CALLS:
            end(REJECTED, f"more than {MOST_CALLS} calls", f"the last for post {post}")
        print(heights[post - 1], flush=True)


def main() -> None:
    with open(sys.argv[1]) as file:
        heights = list(map(int, file.read().split()))[1:]
    with open(sys.argv[2]) as file:
        summit = int(file.read())
    try:
        talk(heights, summit)
    except BrokenPipeError:
        sys.stdout = None  # nobody listens any more
        end(REJECTED, "the program ended before it was answered", "")


main()
