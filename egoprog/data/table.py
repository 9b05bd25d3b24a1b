"""CSV files of annotations, row by row: each cell is read as its column's type, and a bad one is named by its place.

As in all files of EPIC-KITCHENS, a row is one line. A quote that is never closed so spoils its own row, not the file.
"""

from __future__ import annotations

import csv
import io
import logging
import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from egoprog.data.atomic import atomic
from egoprog.errors import AnnotationError, InputError

_log = logging.getLogger(__name__)

T = TypeVar("T")
OnBad = Literal["raise", "skip"] | Callable[[AnnotationError], None]
"""What to do with a bad row: raise it; skip it and log how many there were; or hand it to a function and go on."""

_MAX_LOGGED = 3
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DECIMAL = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,30})?(?:e-[0-9]{1,2})?")
_TIMESTAMP = re.compile(r"([0-9]{2,4}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,9})?)")


class Column(NamedTuple):
    """name: in the first line. parse: text to value, ValueError where it is not `expected`."""

    name: str
    parse: Callable[[str], Any]
    expected: str


class BadRow(ValueError):
    """What a row says is not possible; `read_table` adds the file and the line."""

    def __init__(self, column: str, expected: str, found: str, hint: str = "") -> None:
        super().__init__(f"{column}: expected {expected}, got {found}")
        self.column, self.expected, self.found, self.hint = column, expected, found, hint


class BadRows:
    """Does with bad rows what `on_bad` says; `close` logs what was skipped."""

    def __init__(self, path: Path, on_bad: OnBad) -> None:
        if on_bad not in ("raise", "skip") and not callable(on_bad):
            raise InputError(f"on_bad: expected 'raise', 'skip' or a function, got {on_bad!r}")
        self._path, self._on_bad = path, on_bad
        self._skipped: list[AnnotationError] = []

    def add(self, error: AnnotationError) -> None:
        if callable(self._on_bad):
            self._on_bad(error)
        elif self._on_bad == "raise":
            raise error
        else:
            self._skipped.append(error)

    def close(self, num_read: int) -> None:
        if not self._skipped:
            return
        first = "; ".join(str(error) for error in self._skipped[:_MAX_LOGGED])
        more = ", ..." if len(self._skipped) > _MAX_LOGGED else ""
        _log.warning(
            "%s: left out %d bad row(s) of %d: %s%s",
            self._path,
            len(self._skipped),
            num_read + len(self._skipped),
            first,
            more,
        )


def text(cell: str) -> str:
    """Words on one line; "" is none."""
    if cell.isprintable() and cell:
        return cell
    if not cell or _CONTROL.search(cell):
        raise ValueError
    return cell


def optional_text(cell: str) -> str:
    """Words on one line, or none."""
    return text(cell) if cell else cell


def count(cell: str) -> int:
    """A whole number from 0."""
    if cell.isdecimal() and cell.isascii() and len(cell) <= 15:
        return int(cell)
    raise ValueError


def decimal(cell: str) -> float:
    """A finite number from 0."""
    if not _DECIMAL.fullmatch(cell):
        raise ValueError
    return float(cell)


def timestamp(cell: str) -> float:
    """Seconds of "00:01:02.50"."""
    match = _TIMESTAMP.fullmatch(cell)
    if match is None:
        raise ValueError
    hours, minutes, seconds = match.groups()
    # through integers: 3600 + 0.1 would not be the float that is written "3600.1"
    whole, _, part = seconds.partition(".")
    return float(f"{3600 * int(hours) + 60 * int(minutes) + int(whole)}.{part or 0}")


def timestamp_text(stamp_s: float, digits: int) -> str:
    """ "00:01:02.50" with so many digits after the point (1 to 9); "nan" and "inf" for those, which can't be read."""
    if not math.isfinite(stamp_s):
        return str(stamp_s)
    units = round(stamp_s * 10**digits)
    whole, part = divmod(units, 10**digits)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{part:0{digits}d}"


def list_of(parse: Callable[[str], T], shortest: int = 1) -> Callable[[str], tuple[T, ...]]:
    """A parser of lists as Python prints them: "['pan', 'oven']" or "[1, 2]". Nothing is evaluated."""
    is_text = parse is text
    item = r"'(?:[^'\\]|\\['\"\\])*'|\"(?:[^\"\\]|\\['\"\\])*\"" if is_text else r"-?[0-9]+"
    whole = re.compile(rf"\[\s*(?:(?:{item})(?:\s*,\s*(?:{item}))*+)?\s*\]")
    items = re.compile(item)
    cache: dict[str, tuple[T, ...]] = {}

    def parse_list(cell: str) -> tuple[T, ...]:
        if cell in cache:
            return cache[cell]
        if not whole.fullmatch(cell):
            raise ValueError
        found = items.findall(cell)
        if is_text:
            found = [re.sub(r"\\(.)", r"\1", one[1:-1]) for one in found]
        values = tuple(map(parse, found))
        if len(values) < shortest:
            raise ValueError
        if len(cache) < 10_000:
            cache[cell] = values
        return values

    return parse_list


def read_lines(path: Path) -> list[str]:
    """The lines of a file without their ends; bytes that are no UTF-8 stand as lone surrogates.

    Raises AnnotationError where there is no such file or nothing in it.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AnnotationError(path, "", "a file of annotations", error.strerror or str(error)) from None
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    if not any(lines):
        raise AnnotationError(path, "", "a file of annotations", f"{len(data)} bytes without a line of text")
    return lines


def read_header(path: str | Path) -> tuple[str, ...]:
    """The names of a CSV file's columns. Raises AnnotationError where there is none."""
    path = Path(path)
    return _names(path, read_lines(path)[0])


def read_table(
    path: str | Path,
    columns: Sequence[Column],
    make: Callable[..., T],
    on_bad: OnBad = "raise",
    hint: str = "mend the row or leave it out",
) -> list[T]:
    """What `make` makes of each row's values, which come in the order of `columns`; other columns are passed over.

    make: raises BadRow for values that don't go together. hint: what to do about a bad row.
    Raises AnnotationError for a missing file or column, and for a bad row unless `on_bad` says otherwise.
    """
    path = Path(path)
    lines = read_lines(path)
    names = _names(path, lines[0])
    missing = [column.name for column in columns if column.name not in names]
    if missing:
        raise AnnotationError(
            path,
            "line 1",
            f"the columns {','.join(c.name for c in columns)}",
            ",".join(names),
            f"{', '.join(missing)} missing",
        )
    places = [(names.index(column.name), column) for column in columns]
    plan = [(place, column.parse) for place, column in places]
    bad = BadRows(path, on_bad)
    rows: list[T] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        try:
            cells = _cells(line)
            if len(cells) != len(names):
                at = names[min(len(cells), len(names) - 1)]
                raise BadRow(at, f"{len(names)} cells", f"{len(cells)}", "check the quotes and commas")
            try:
                values = [parse(cells[place]) for place, parse in plan]
            except ValueError:
                raise _bad_cell(places, cells) from None
            rows.append(make(*values))
        except BadRow as error:
            bad.add(
                AnnotationError(
                    path, f"line {number}, column {error.column}", error.expected, error.found, error.hint or hint
                )
            )
    bad.close(len(rows))
    return rows


def write_table(
    path: str | Path, columns: Sequence[Column], make: Callable[..., object], rows: Iterable[Sequence[str | int]]
) -> None:
    """Writes a CSV file whole, text quoted where it must be, if every row can be read back by `columns` and `make`.

    Raises AnnotationError for a row that can't, RecordingError where the file can't be written.
    """
    path = Path(path)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in columns)
    places = list(enumerate(columns))
    for number, row in enumerate(rows, start=2):
        cells = list(map(str, row))
        try:
            try:
                values = [column.parse(cell) for column, cell in zip(columns, cells, strict=True)]
            except ValueError:
                raise _bad_cell(places, cells) from None
            make(*values)
        except BadRow as error:
            place = f"line {number}, column {error.column}"
            raise AnnotationError(path, place, error.expected, error.found, "it was not written") from None
        writer.writerow(cells)
    with atomic(path) as temporary:
        temporary.write_text(out.getvalue(), encoding="utf-8", newline="")


def list_text(values: Iterable[Any]) -> str:
    """A list's cell, as Python prints it: "['pan', 'oven']"."""
    return repr(list(values))


def _names(path: Path, line: str) -> tuple[str, ...]:
    try:
        names = tuple(name.strip() for name in _cells(line))
    except BadRow as error:
        raise AnnotationError(path, "line 1", "the names of columns", error.found) from None
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        raise AnnotationError(path, "line 1", "a name for each column, each once", ",".join(names)[:200])
    return names


def _cells(line: str) -> list[str]:
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError:
            raise BadRow("(whole row)", "text in UTF-8", "other bytes", "save the file as UTF-8") from None
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise BadRow("(whole row)", "cells with closed quotes", f"{line[:60]!r} ({error})") from None


def _bad_cell(places: list[tuple[int, Column]], cells: list[str]) -> BadRow:
    """Names the first cell that can't be read; the row is parsed cell by cell only when something is wrong."""
    for place, column in places:
        try:
            column.parse(cells[place])
        except ValueError:
            found = repr(cells[place]) if len(cells[place]) <= 60 else repr(cells[place][:57]) + "..."
            return BadRow(column.name, column.expected, found)
    raise AssertionError("a row failed whose cells all read")
