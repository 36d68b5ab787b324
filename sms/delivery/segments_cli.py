"""`flask --app app segments`: one JSON string a line in, its encoding and number of parts out."""

from __future__ import annotations

import json
import sys
from typing import IO, TYPE_CHECKING

from sms.delivery.segments import count

if TYPE_CHECKING:
    from collections.abc import Iterable


def run(stdin: IO[str], stdout: IO[str], stderr: IO[str] | None = None) -> int:
    r"""Print `GSM-7|UCS-2<TAB>parts` for each line of `stdin`, which is UTF-8.

    A line that is not a JSON string prints nothing on `stdout`; `stderr` names it, the rest still
    runs, and the result is 1 instead of 0. A lone surrogate (`"\ud800"`) is valid JSON and is
    counted as one unit, as Twilio's calculator counts it.
    """
    complaints = sys.stderr if stderr is None else stderr
    exit_code = 0
    for number, line in enumerate(_lines(stdin), start=1):
        try:
            counted = count(_string_on(line))
        except ValueError as error:
            complaints.write(f"line {number}: {error}\n")
            exit_code = 1
        else:
            stdout.write(f"{counted.encoding}\t{counted.parts}\n")
    return exit_code


def _lines(stdin: IO[str]) -> Iterable[bytes | str]:
    """Bytes where there are any: decoding line by line lets a broken one fail alone."""
    raw: Iterable[bytes | str] = getattr(stdin, "buffer", stdin)
    return raw


def _string_on(line: bytes | str) -> str:
    """The string that `line` holds as JSON. ValueError, with a sentence, when it holds none."""
    text = _decoded(line).strip("\ufeff \t\r\n")
    if not text:
        raise ValueError("empty, expected a JSON string")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at column {error.colno})") from error
    except (RecursionError, ValueError) as error:
        # Thousands of brackets, or a number of thousands of digits.
        raise ValueError("not a JSON string, and too deep or too long to read") from error
    if not isinstance(value, str):
        raise ValueError(f"expected a JSON string, found {_kind(value)}")
    return value


def _decoded(line: bytes | str) -> str:
    if isinstance(line, str):
        return line
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start + 1})") from error


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"
