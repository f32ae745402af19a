"""Lines as rows: what is read of them, what is refused, and that nothing of them changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulk.options import Options
from bulk.rows import BadLineError, reader, spliced
from model.text import is_blank

JSONL = Options("jsonl")
EVALUATED = Options("jsonl", label_field="predicted", evaluate=True)


def label(line: bytes, options: Options = JSONL) -> bytes:
    """The line with a label added."""
    return spliced(reader(options)(line).head, [b'"label":"x"'])


def reason(line: bytes, options: Options = JSONL) -> str:
    """Why a line is refused."""
    with pytest.raises(BadLineError) as caught:
        reader(options)(line)
    return str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        b'"id": 123456789012345678901234567890',
        b'"n":1.10000000000000000001,"m":1e999,"z":-0.0',
        b'"deep" : {"a":[1, {"b": null}]}',
        b'"escape":"\\u00e9\\/","twice":1,"twice":2',
        '"naïve":"日本"'.encode(),
    ],
)
def test_every_other_field_keeps_its_bytes(fields: bytes) -> None:
    """Numbers of any size, escapes, spaces and the order stay as they were written."""
    line = b'{ %b, "text":"a soup" }' % fields
    assert label(line) == line[:-1] + b',"label":"x"}\n'


JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
OBJECTS = st.dictionaries(st.text().filter(lambda name: name not in {"text", "label"}), JSON)


@given(
    OBJECTS,
    st.text().filter(lambda text: not is_blank(text)),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_result_is_the_object_and_its_label(
    others: dict[str, Any], text: str, ascii_only: bool, indent: int | None
) -> None:
    """Whatever the object, read back it is the same with one field more, at its end."""
    row = {**others, "text": text}
    separators = (", ", " : ") if indent else None
    line = json.dumps(row, ensure_ascii=ascii_only, separators=separators)
    try:
        encoded = line.encode()
    except UnicodeEncodeError:
        return
    found = json.loads(label(encoded))
    assert list(found.items()) == [*row.items(), ("label", "x")]


def test_byte_order_mark_is_skipped() -> None:
    """Files that were joined have a mark within, at the start of a line."""
    assert label(b'\xef\xbb\xbf{"text":"a soup"}') == b'{"text":"a soup","label":"x"}\n'


@pytest.mark.parametrize("end", [b"\r", b" ", b"\t\r"])
def test_white_space_after_the_object_is_no_part_of_it(end: bytes) -> None:
    """Line ends of other systems do not come between the object and its label."""
    assert label(b'{"text":"a"}' + end) == b'{"text":"a","label":"x"}\n'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"text":" \\n\\u00a0"}', "blank"),
        (b'{"text":""}', "blank"),
        (b'{"id":1}', "missing required field `text`"),
        (b'{"text":1}', "Expected `str`, got `int`"),
        (b'["a"]', "Expected `object`"),
        (b'{"text":"a"', "ends early"),
        (b'{"text":"a"} {}', "trailing"),
        (b'{"text":"a\x00"}', "invalid"),
        (b'\x00{"text":"a"}', "invalid"),
        (b'{"text":"a","b":"\xff"}', "not UTF-8"),
        (b'{"text":"\\ud800"}', "{"),
        (b'{"b":' + b"[" * 100_000 + b"]" * 100_000 + b',"text":"a"}', "nested too deep"),
        (b'{"text":"a","label":null}', "--label-field"),
        (b'{"text":"a","l\\u0061bel":1}', "--label-field"),
    ],
)
def test_bad_lines_are_refused_with_a_reason(line: bytes, said: str) -> None:
    """Whatever cannot be labelled, or would lose a field of its own, is named in a few words."""
    assert said in reason(line)


def test_a_row_that_has_scores_or_an_explanation_keeps_them() -> None:
    """Each field that is to be added is looked for, under the name that it is to have."""
    everything = Options("jsonl", label_field="found", scores=True, explain=2)
    for name in ("found", "scores", "explanation"):
        assert f'field "{name}"' in reason(b'{"text":"a","%b":[]}' % name.encode(), everything)
    reader(everything)(b'{"text":"a","label":1}')
    reader(JSONL)(b'{"text":"a","scores":1}')


@pytest.mark.parametrize(
    ("line", "truth"),
    [
        (b'{"text":"a","label":"b"}', "b"),
        (b'{"text":"a","label":null}', None),
        (b'{"text":"a","label":""}', None),
        (b'{"text":"a"}', None),
    ],
)
def test_own_label_is_the_truth(line: bytes, truth: str | None) -> None:
    """Where rows are compared, their label is read and stays; none, or an empty one, is none."""
    row = reader(EVALUATED)(line)
    assert row.truth == truth
    assert row.head == line[:-1]


def test_own_label_must_be_a_string_to_be_compared() -> None:
    """A number is no label."""
    assert "$.label" in reason(b'{"text":"a","label":1}', EVALUATED)


@pytest.mark.parametrize(
    ("line", "text"), [(b"two words\r", "two words"), (b'a\x00"\\', 'a\0"\\'), ("é".encode(), "é")]
)
def test_plain_line_becomes_an_object(line: bytes, text: str) -> None:
    """A line of text is the text of an object, with whatever characters are in it."""
    assert json.loads(label(line, Options("text"))) == {"text": text, "label": "x"}


@pytest.mark.parametrize(("line", "said"), [(b"  ", "blank"), (b"\xff\xfea", "not UTF-8")])
def test_bad_plain_lines_are_refused(line: bytes, said: str) -> None:
    """Blank lines and other encodings are no texts."""
    assert said in reason(line, Options("text"))
