"""Text into lines: bytes decoded, fences found, odd characters put right, comments and indentation split off.

The parser sees nothing but `Line`s. Each character is looked at a fixed number of times, whatever the text.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import NamedTuple

from egoprog.program.synonyms import RESERVED, is_verb
from egoprog.program.types import Note

TAB_WIDTH = 4  # in columns; what editors show where tabs and blanks are mixed

# Typographic characters that stand for plain ones in code (comments keep theirs).
PLAIN = str.maketrans(
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‘’‚‛′´", "'")
    | dict.fromkeys("–—−‐‑", "-")
    | dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000", " ")
    | dict.fromkeys("\ufeff\u200b\u200c\u200d\u2060\ufffd\0`", "")
    | {"…": "...", "∅": "nothing", "、": ",", "。": ".", "¬": "!", "∧": " and ", "∨": " or "}
)
JUNK = {"\ufeff": None, "\0": None}

FENCE = re.compile(r"[ \t>]*(?:```|~~~)")
DEFINITION = re.compile(r"[ \t>]*+(?:[0-9]{1,6}[.:)|]?\s++|[-*•]\s++)?(?:async\s++)?def\s++([A-Za-z_]\w*)", re.ASCII)
# "12  goto(cup)", "3. grasp(cup)", ">>> use(knife)", "- use(knife)", "> use(knife)"
PREFIX = re.compile(r"(?:[0-9]{1,6}([.:)|])?|>>>|\.\.\.)(\s++|$)|[-*•>+]\s++(?:[0-9]{1,6}[.:)]\s++)?")
CALL_START = re.compile(r"[A-Za-z_][\w.]*+(?: [A-Za-z_]\w*+){0,2} ?\(", re.ASCII)
FIRST_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
CODE_BEFORE_HASH = re.compile(r"""(?>[^#"']++|"[^"]*+"|'[^']*+')*+""")
BRACKETS = re.compile(r"[()\[\]{}]")


class Line(NamedTuple):
    """A logical line: several lines of text where a bracket was still open.

    number: 1-based. indent: columns. column: 1-based place of the code. comment: None where there is none.
    """

    number: int
    indent: int
    column: int
    code: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class Scan:
    """regions: what stands in each fence, or the whole text as one. defined: names of all `def`s.

    ends_open: the last line may have been cut. fence_open: the last fence never closes.
    """

    regions: list[list[Line]]
    defined: frozenset[str]
    ends_open: bool
    notes: list[Note]


def scan(text: str | bytes) -> Scan:
    """The logical lines of a text in any encoding and any wrapping."""
    if not isinstance(text, str):
        text = decode(bytes(text))
    if "\0" in text or "\ufeff" in text:
        text = text.translate(JUNK)
    notes: list[Note] = []
    lines = text.splitlines()
    has_fence = "```" in text or "~~~" in text
    regions, fence_open = _regions(lines, notes) if has_fence else ([(0, len(lines))], False)
    defined = frozenset(
        m.group(1) for a, b in regions for line in lines[a:b] if "def" in line if (m := DEFINITION.match(line))
    )
    last_line = len(lines)
    ends_at_last_line = bool(regions) and regions[-1][1] == last_line
    ends_open = ends_at_last_line and (fence_open or text[-1:] not in ("\n", "\r"))
    return Scan([_logical_lines(lines, a, b, notes) for a, b in regions], defined, ends_open, notes)


def decode(data: bytes) -> str:
    """Bytes as text: UTF-16 where a byte order mark says so, else UTF-8; what can't be read becomes U+FFFD."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return data.decode(encoding, errors="replace")


def _regions(lines: list[str], notes: list[Note]) -> tuple[list[tuple[int, int]], bool]:
    """(first, last + 1) of each fenced stretch that holds a program, else of the text without its fences."""
    fences = [i for i, line in enumerate(lines) if ("```" in line or "~~~" in line) and FENCE.match(line)]
    if not fences:
        return [(0, len(lines))], False
    bounds = [-1, *fences, len(lines)]
    stretches = [(a + 1, b) for a, b in itertools.pairwise(bounds)]
    fenced = [stretch for stretch in stretches[1::2] if _holds_program(lines, *stretch)]
    fence_open = len(fences) % 2 == 1
    if fenced:
        if any(lines[i].strip() for a, b in stretches[0::2] for i in range(a, b)):
            notes.append(Note(fences[0] + 1, "only what stands in the fences was read"))
        return fenced, fence_open and fenced[-1][1] == len(lines)
    notes.append(Note(fences[0] + 1, "fence passed over"))
    return stretches, False


def _holds_program(lines: list[str], start: int, stop: int) -> bool:
    return any(DEFINITION.match(lines[i]) or is_call(lines[i].strip()) for i in range(start, stop))


def is_call(code: str) -> bool:
    """Whether a line is unmistakably a sub-action: a verb that we know, brackets, and little after them."""
    match = CALL_START.match(code)
    if not match:
        return False
    name = match.group()[:-1].rpartition(".")[2].strip()
    if not is_verb(name):
        return False
    closing = code.rfind(")")
    return closing == -1 or code[closing + 1 :].strip(" ;,.`") == "" or code[closing + 1 :].lstrip().startswith("#")


def _logical_lines(lines: list[str], start: int, stop: int, notes: list[Note]) -> list[Line]:
    found: list[Line] = []
    i = start
    while i < stop:
        raw = lines[i]
        number = i + 1
        i += 1
        code = raw.lstrip()
        if not code:
            continue
        lead = raw[: len(raw) - len(code)]
        indent = len(lead.expandtabs(TAB_WIDTH)) if "\t" in lead else len(lead)
        column = len(lead) + 1
        first = code[0]
        if first in "0123456789-*•>+.":
            code, indent, column = _without_prefix(code, indent, column, number, notes)
        if code[:3] in ('"""', "'''") or code[:4] in ('r"""', "r'''"):
            i = _docstring(lines, i, stop, Line(number, indent, column, code, None), found, notes)
            continue
        comment = None
        if "#" in code:
            code, comment = _split_comment(code)
        if not code.isascii():
            code = code.translate(PLAIN)
        elif "`" in code:
            code = code.replace("`", "")
        code = code.strip()
        if (code and code[-1] in ",([{") or (code and i < stop and lines[i].lstrip()[:1] in (")", "]", "}")):
            code, i = _joined(code, lines, i, stop)
        if code or comment is not None:
            found.append(Line(number, indent, column, code, comment))
    return found


def _split_comment(code: str) -> tuple[str, str | None]:
    at = code.index("#")
    if '"' in code[:at] or "'" in code[:at]:
        end = CODE_BEFORE_HASH.match(code).end()
        if end == len(code):
            return code, None
        if code[end] == "#":
            at = end
    return code[:at], code[at + 1 :]


def _without_prefix(code: str, indent: int, column: int, number: int, notes: list[Note]) -> tuple[str, int, int]:
    """Takes off a listing's line number or a list's bullet, if what follows is code or a comment."""
    match = PREFIX.match(code)
    if not match:
        return code, indent, column
    rest = code[match.end() :]
    if not rest and code[0] == ".":  # "...", which says that the program is not complete
        return code, indent, column
    word = FIRST_WORD.match(rest)
    is_code = rest[:1] in ("", "#") or (
        word and (word.group() in RESERVED or is_verb(word.group()) or CALL_START.match(rest))
    )
    if not is_code:
        return code, indent, column
    if match.group(2):  # the code's own indentation follows one blank; numbers of a listing are set to the right
        own = max(len(match.group(2).expandtabs(TAB_WIDTH)) - 1, 0)
        indent = indent + own if match.group(1) else own
    if not any(note.text == "line numbers and bullets taken off" for note in notes[-1:]):
        notes.append(Note(number, "line numbers and bullets taken off"))
    return rest, indent, column + match.end()


def _joined(code: str, lines: list[str], i: int, stop: int) -> tuple[str, int]:
    """Adds the lines that follow for as long as a bracket is open and the text goes on inside it."""
    parts = [code]
    depth = _depth(code)
    last = code
    while depth > 0 and i < stop:
        following = lines[i].strip().translate(PLAIN)
        if "#" in following:
            following = _split_comment(following)[0].strip()
        goes_on = last[-1:] in (",", "(", "[", "{") or following[:1] in (")", "]", "}", ",")
        if not goes_on or DEFINITION.match(following):
            break
        i += 1
        if not following:
            continue
        parts.append(following)
        depth += _depth(following)
        last = following
    return " ".join(parts), i


def _depth(code: str) -> int:
    return sum(1 if bracket in "([{" else -1 for bracket in BRACKETS.findall(code))


def _docstring(lines: list[str], i: int, stop: int, line: Line, found: list[Line], notes: list[Note]) -> int:
    """Turns a docstring into comments, up to its closing quotes; one that never closes is its first line only."""
    code = line.code.removeprefix("r")
    quotes, rest = code[:3], code[3:]
    notes.append(Note(line.number, "docstring read as a comment"))
    parts = []
    if quotes in rest:
        parts.append((line.number, rest[: rest.index(quotes)]))
    else:
        end = next((k for k in range(i, stop) if quotes in lines[k]), None)
        parts.append((line.number, rest))
        if end is not None:
            parts += [(k + 1, lines[k]) for k in range(i, end)]
            parts.append((end + 1, lines[end][: lines[end].index(quotes)]))
            i = end + 1
    found += [Line(number, line.indent, line.column, "", part) for number, part in parts if part.strip()]
    return i
