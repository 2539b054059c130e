"""What is shown of a program that failed: its complaints, not what it says besides."""

from hwgen.tool_failure import last_words

CHATTER = "\n".join(f"compiling file {number}" for number in range(20))


def test_complaints_alone_are_shown():
    output = f"{CHATTER}\nERROR: syntax error, unexpected TOK_ID\n{CHATTER}"
    assert last_words(output) == ["ERROR: syntax error, unexpected TOK_ID"]


def test_of_many_the_first_and_the_last():
    found = last_words("\n".join(f"error {number}" for number in range(50)))
    assert found == [
        *(f"error {number}" for number in range(6)),
        "...",
        *(f"error {number}" for number in range(44, 50)),
    ]


def test_without_a_complaint_the_last_lines():
    assert last_words(CHATTER) == [f"compiling file {number}" for number in range(8, 20)]
    assert last_words("") == []
