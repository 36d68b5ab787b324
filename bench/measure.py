"""Measuring: ours beside a floor that was measured in the same minute on the same machine."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One comparison. `ours` and `floor` are per second; `floor_is` says what the floor does."""

    name: str
    ours: float
    floor: float
    floor_is: str
    note: str = ""

    @property
    def ratio(self) -> float:
        """How much of the floor's speed is left, 1 being all of it."""
        return self.ours / self.floor


@dataclass
class Timed:
    """How long a block took, once it is over."""

    seconds: float = field(default=float("nan"))


@contextmanager
def timed() -> Iterator[Timed]:
    result = Timed()
    began = time.perf_counter()
    yield result
    result.seconds = time.perf_counter() - began


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest of the values that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def table(lines: Iterable[Line]) -> str:
    rows = [("what", "ours/s", "floor/s", "ratio", "the floor is", "")]
    rows += [
        (line.name, f"{line.ours:,.0f}", f"{line.floor:,.0f}", f"{line.ratio:.2f}", line.floor_is,
         line.note)
        for line in lines
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(_aligned(row, widths) for row in rows)


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    name, *numbers = row[:4]
    cells = [name.ljust(widths[0])]
    cells += [each.rjust(width) for each, width in zip(numbers, widths[1:4], strict=True)]
    return "  ".join([*cells, row[4].ljust(widths[4]), row[5]]).rstrip()
