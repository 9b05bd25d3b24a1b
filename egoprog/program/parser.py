"""Text to programs: our own canonical text, LEAP's listings, ProgPrompt's programs, and what language models send.

Three steps: `scanner.scan` makes lines, `_Builder` nests them by indentation, and `conditions` and the functions at
the end of this file read what stands in one line. Whatever is mended is said in the program's notes; what can't be
is a ProgramSyntaxError. Text is never executed, and every step takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from egoprog.errors import ProgramSyntaxError
from egoprog.program.conditions import read_conditions
from egoprog.program.printer import MAX_DEPTH, condition_text
from egoprog.program.scanner import Line, Scan, is_call, scan
from egoprog.program.synonyms import (
    ARTICLES,
    CANONICAL_VERBS,
    HANDS,
    JOINERS,
    KEYWORDS,
    RESERVED,
    is_verb,
    read_verb,
)
from egoprog.program.types import (
    Call,
    Comment,
    Condition,
    Hand,
    If,
    Import,
    Note,
    Program,
    Statement,
    SubAction,
    Verb,
    While,
    object_name,
)

STATEMENT = "a statement such as 'grasp(cup)' or 'if cup not in hand:'"
PROGRAM = "a program such as 'def take_cup():' with statements below it"

WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
CANONICAL_CALL = re.compile(r"([a-z]+)\(([a-z0-9_, ]*)\)\Z")
CALL = re.compile(
    r"(call\s++)?((?:[A-Za-z_]\w*+\s*+\.\s*+)*+)([A-Za-z_]\w*+(?:[ -]+[A-Za-z_]\w*+){0,2})\s*+\(", re.ASCII
)
HEAD = re.compile(r"(?:async\s++)?def\s++([^(:]*+)")
COLON = re.compile(r":\s++(?=\S)|:(?=[A-Za-z_]\w*+\s?\()")
IMPORT = re.compile(r"(?:from\s++([\w.]++)\s++)?import\s++(.+)\Z", re.ASCII)
IMPORTED = re.compile(
    r"\(?\s*+([A-Za-z_]\w*+|\*)((?:\.[A-Za-z_]\w*+)*+)(?:\s*+<\w*+>)*+(\s++as\s++\w++)?\s*+\)?\Z", re.ASCII
)
OBJECTS = re.compile(r"objects\s*+=\s*+[\[({]")
ASSIGNMENT = re.compile(r"[A-Za-z_][\w.]*+(?:\s*+:\s*+[\w.]++)?\s*+=(?!=)\s*+")
KEYWORD = re.compile(r"\s*+([A-Za-z_]\w*+)\s*+(?::\s*+[A-Za-z_][\w.\[\]]*+\s*+)?=(?!=)\s*+(.*)\Z", re.S)
BETWEEN_CALLS = re.compile(r"[ ;,.)&]*+(?:(?:and then|then|and) )?+[ ]*+")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z")
UNIT = re.compile(r"(?<=[\d.])(?:s|secs?|seconds?)\Z")
SPECIAL_IN_ARGUMENTS = re.compile(r"""["'(\[{<]""")
DROPPED = frozenset({"pass", "return", "print", "break", "continue", "global", "del", "raise"})
LOOPS = frozenset({"for", "repeat", "loop"})
MAX_NUMBER_LENGTH = 60


def parse(text: str | bytes) -> Program:
    """The first program of a text.

    Raises ProgramSyntaxError (line, column, expected, found) where the text holds none, or one that can't be read.
    """
    return next(_programs(text))


def parse_all(text: str | bytes) -> list[Program]:
    """Every program of a text, at least one; raises ProgramSyntaxError as `parse` does."""
    return list(_programs(text))


def parse_condition(text: str) -> tuple[Condition, ...]:
    """The literals of a condition such as "cucumber not in hand and near faucet"; raises ProgramSyntaxError."""
    return read_conditions(text)


def _programs(text: str | bytes) -> Iterator[Program]:
    lines = scan(text)
    builder = _Builder(lines)
    found = False
    for region in lines.regions:
        for program in builder.region(region, is_last=region is lines.regions[-1]):
            found = True
            yield program
    if not found:
        first = next((line for region in lines.regions for line in region if line.code), None)
        if first is None:
            raise ProgramSyntaxError(1, 1, PROGRAM, "no text" if not lines.regions[0] else "only comments")
        raise ProgramSyntaxError(first.number, first.column, PROGRAM, repr(first.code[:60]))


@dataclass(slots=True)
class _Block:
    """A head whose body is being read. indent: of the head; whatever stands deeper belongs to the body."""

    kind: str  # "def", "if", "while", "assert", "once"
    line: Line
    indent: int
    guard: tuple[Condition, ...] = ()
    body: list[Statement] = field(default_factory=list)
    orelse: list[Statement] = field(default_factory=list)
    in_else: bool = False
    is_waiting: bool = True  # no line of the present body has come yet

    @property
    def statements(self) -> list[Statement]:
        return self.orelse if self.in_else else self.body

    def finished(self) -> list[Statement]:
        """What the block amounts to in the body around it."""
        match self.kind:
            case "if":
                return [If(self.guard, tuple(self.body), tuple(self.orelse))]
            case "while":
                return [While(self.guard, tuple(self.body))]
            case "assert":
                return [*self.body, _recovery(self.guard, tuple(self.orelse))]
            case _:
                return self.body


def _recovery(guard: tuple[Condition, ...], recovery: tuple[Statement, ...]) -> Statement:
    """An assert: what to do where its condition does not hold; without recovery it says only what is expected."""
    if not recovery:
        return Comment("assert " + " and ".join(condition_text(literal) for literal in guard))
    if len(guard) == 1:
        return If((~guard[0],), recovery)
    return If(guard, (), recovery)


class _Builder:
    """Nests lines into programs."""

    def __init__(self, lines: Scan):
        self.lines = lines
        self.callable = set(lines.defined)  # names whose calls are calls of programs
        self.stack: list[_Block] = []
        self.comments: list[Line] = []  # wait for the next line, which says where they belong
        self.imports: list[Import] = []
        self.objects: list[str] = []
        self.notes: list[Note] = list(lines.notes)
        self.is_complete = True
        self.may_be_cut = False  # the present line is the text's last, and nothing says that it is whole
        self.head: tuple[str, float | None, float | None] = ("program", None, None)
        self.has_call = False  # of a program without a head
        self.is_bare = False

    # -- programs

    def region(self, region: list[Line], is_last: bool) -> Iterator[Program]:
        """The programs of one fence."""
        for line in region:
            if not line.code:
                self.comments.append(line)
                continue
            self.may_be_cut = is_last and self.lines.ends_open and line is region[-1]
            if self.may_be_cut and self._cut(line):
                continue
            yield from self._line(line)
        if program := self._close_program(at_end=True):
            yield program
        self.comments.clear()

    def _line(self, line: Line) -> Iterator[Program]:
        match = WORD.match(line.code)
        word = match.group() if match else ""
        if word in ("def", "async") and HEAD.match(line.code):
            if program := self._close_program():
                yield program
            self._define(line)
        elif self.stack:
            if not self._is_inside(line, word):
                if program := self._close_program():
                    yield program
                self._outside(line, word)
            else:
                self._statement(line, word)
        else:
            self._outside(line, word)

    def _outside(self, line: Line, word: str) -> None:
        """A line that stands in no program: imports, objects, the first statement of a headless one, or prose."""
        if word in ("from", "import") and self._import(line):
            return
        if word == "objects" and OBJECTS.match(line.code):
            self._objects(line)
            return
        is_head = word in ("if", "while") and line.code.endswith(":")
        if not self.lines.defined and (is_call(line.code) or is_head):
            self.is_bare = True
            self._open_program(line, "program", None, None, indent=line.indent - 1)
            self.note(line, "no 'def': the statements were taken as a program named 'program'")
            self._statement(line, word)
            return
        self.comments.clear()
        self.note(line, f"passed over {line.code[:40]!r}, which is no program")

    def _open_program(self, line: Line, name: str, start_s: float | None, stop_s: float | None, indent: int) -> None:
        self.head = (name, start_s, stop_s)
        self.is_complete = True
        self.has_call = False
        block = _Block("def", line, indent)
        for comment in self.comments:
            block.body.append(Comment(comment.comment))
            self.note(comment, "comment above the program moved into it")
        self.comments.clear()
        self.stack = [block]

    def _close_program(self, at_end: bool = False) -> Program | None:
        if not self.stack:
            return None
        root = self.stack[0]
        own_all = at_end or root.is_waiting
        comments, self.comments = self.comments, []
        for line in comments:
            if own_all or line.indent > root.indent:
                self._comment(line, max(line.indent, root.indent + 1))
            else:
                self.comments.append(line)
        while len(self.stack) > 1:
            self._close_block(at_end)
        block = self.stack.pop()
        if block.is_waiting:
            if not at_end and not block.body:
                self._fail_empty(block)
            if at_end:
                self.is_complete = False
                self.note(block.line, "the text ends before the program's body")
        keep = self.has_call or not self.is_bare
        self.is_bare = False
        name, start_s, stop_s = self.head
        program = Program(
            name,
            tuple(block.body),
            start_s,
            stop_s,
            tuple(self.imports),
            tuple(self.objects),
            self.is_complete,
            notes=tuple(sorted(self.notes, key=lambda note: note.line)),
        )
        self.imports, self.objects, self.notes = [], [], []
        return program if keep else None

    # -- nesting

    def _is_inside(self, line: Line, word: str) -> bool:
        """Whether a line belongs to the open program; a body that is not indented is let pass."""
        root = self.stack[0]
        if line.indent > root.indent and not (root.indent == line.indent - 1 and self._is_flat):
            return True
        if word in ("from", "import") and IMPORT.match(line.code):
            return False
        if word == "objects" and OBJECTS.match(line.code):
            return False
        is_statement = is_call(line.code) or line.code[:3] == "..."
        if word in self.callable:
            is_statement |= line.code[len(word) :].lstrip()[:1] == "(" and word != self.head[0]
        if line.indent > root.indent:  # in a body without indentation, where prose may follow at the same place
            return is_statement or _is_statement(line.code, word)
        if not is_statement and not (root.is_waiting and word in RESERVED and line.code.endswith(":")):
            return False
        if root.is_waiting:
            self.note(line, "body without indentation")
            root.indent = line.indent - 1
        else:
            self.note(line, "line without indentation taken into the program")
            self._place(root.indent + 1)
        return True

    @property
    def _is_flat(self) -> bool:
        """Whether the program's body stands at the indentation of its head, or has no head."""
        return self.stack[0].indent < self.stack[0].line.indent

    def _place(self, indent: int) -> None:
        """Closes the blocks that a line at this indentation does not belong to."""
        while len(self.stack) > 1 and indent <= self.stack[-1].indent:
            self._close_block()

    def _close_block(self, at_end: bool = False) -> None:
        block = self.stack.pop()
        if block.is_waiting and block.kind != "assert":
            if not at_end:
                self._fail_empty(block)
            self.is_complete = False
            self.note(block.line, "the text ends before this body")
            if not block.in_else:
                return
        if block.kind == "assert" and not block.orelse:
            self.note(block.line, "assert without recovery kept as a comment")
        self.stack[-1].statements.extend(block.finished())

    def _fail_empty(self, block: _Block) -> None:
        line = block.line
        raise ProgramSyntaxError(
            line.number, line.column + len(line.code), "an indented body (or 'pass') below this line", "none"
        )

    def _open_block(self, kind: str, line: Line, guard: tuple[Condition, ...] = ()) -> _Block:
        if len(self.stack) > MAX_DEPTH:
            raise ProgramSyntaxError(
                line.number, line.column, f"at most {MAX_DEPTH} levels of nesting", f"level {len(self.stack)}"
            )
        self.stack[-1].is_waiting = False
        block = _Block(kind, line, line.indent, guard)
        self.stack.append(block)
        return block

    def _add(self, statement: Statement) -> None:
        block = self.stack[-1]
        block.statements.append(statement)
        block.is_waiting = False

    def _comment(self, line: Line, indent: int) -> None:
        self._place(indent)
        self._add(Comment(line.comment))

    def _place_comments(self, line: Line, word: str) -> None:
        """Puts the comments that came before a line where they belong, now that the line says where it stands."""
        root, top = self.stack[0], self.stack[-1]
        for comment in self.comments:
            indent = comment.indent
            if word in ("else", "elif"):
                indent = max(indent, line.indent + 1)
            elif indent <= root.indent or (top.is_waiting and line.indent > top.indent):
                indent = max(indent, line.indent, root.indent + 1)
            self._comment(comment, indent)
        self.comments.clear()

    # -- statements

    def _statement(self, line: Line, word: str) -> None:
        if self.comments:
            self._place_comments(line, word)
        if word in ("else", "elif"):
            self._else(line, word)
            return
        indent = max(line.indent, self.stack[0].indent + 1)
        self._place(indent)
        top = self.stack[-1]
        if top.kind == "assert" and not top.in_else:
            self._close_block()
        if line.comment is not None and word not in ("if", "while") and word not in LOOPS:
            self._add(Comment(line.comment))
        if (canonical := CANONICAL_CALL.match(line.code)) and canonical[1] in CANONICAL_VERBS:
            sub_action = _canonical_sub_action(*canonical.groups())
            if sub_action is not None:
                self.has_call = True
                self._add(sub_action)
                return
        if word in RESERVED or not word:
            self._reserved(line, word)
        elif word == "objects" and OBJECTS.match(line.code):
            self._objects(line)
            self.stack[-1].is_waiting = False
        elif match := ASSIGNMENT.match(line.code):
            self._assignment(line, match.end())
        else:
            self._calls(line, line.code, 0)

    def _reserved(self, line: Line, word: str) -> None:
        code = line.code
        if word in ("if", "while", "until"):
            self._conditional(line, word)
        elif word == "assert":
            self._assert(line)
        elif word in DROPPED:
            self.stack[-1].is_waiting = False
            if word != "pass":
                self.note(line, f"{word!r} dropped")
        elif word in LOOPS and (code.endswith(":") or word != "for"):
            self.note(line, f"{code[:40]!r} can't be said in the language: its body is kept once, below a comment")
            self._add(Comment(code.rstrip(":")))
            block = self._open_block("once", line)
            if line.comment is not None:
                self._comment(line, line.indent + 1)
            block.is_waiting = True
        elif code[:3] == "..." or code in (".", ".."):
            self.stack[-1].is_waiting = False
            self.is_complete = False
        elif word in ("from", "import") and self._import(line):
            self.stack[-1].is_waiting = False
        elif code[0] in "\"'" and code[-1] == code[0]:
            self._add(Comment(code.strip("\"'")))
            self.note(line, "string read as a comment")
        else:
            self._calls(line, code, 0)

    def _conditional(self, line: Line, word: str) -> None:
        head, inline, at = self._head(line, len(word))
        guard = read_conditions(head, line.number, line.column + len(word))
        if word == "until":
            if len(guard) != 1:
                raise ProgramSyntaxError(line.number, line.column + len(word), "one condition", repr(head.strip()[:60]))
            guard, word = (~guard[0],), "while"
            self.note(line, "'until' read as 'while not'")
        self._open_block(word, line, guard)
        self._inline(line, inline, at)

    def _else(self, line: Line, word: str) -> None:
        """`else` and `elif`, which belong to the nearest if of their indentation, or to an assert further out."""
        while len(self.stack) > 1 and self.stack[-1].indent > line.indent:
            self._close_block()
        if self.stack[-1].kind in ("while", "once") and self.stack[-1].indent == line.indent:
            self._close_block()
        block = self.stack[-1]
        head, inline, at = self._head(line, len(word))
        if block.kind == "assert" and word == "else":
            block.in_else = True
            self._inline(line, inline, at)
            return
        if block.kind != "if" or block.indent != line.indent or block.in_else:
            raise ProgramSyntaxError(line.number, line.column, "an 'if' that this belongs to", repr(word))
        if block.is_waiting:
            self._fail_empty(block)
        block.in_else = block.is_waiting = True
        guard_text = head.strip()
        if word == "else" and guard_text.startswith("if "):
            self.note(line, "'else if' read as 'elif'")
            word, head = "elif", " " + guard_text[3:]
        if word == "elif":
            guard = read_conditions(head, line.number, line.column + len(word))
            self._open_block("if", line, guard)
        elif guard_text:
            self._inline(line, guard_text, len(word))
            return
        self._inline(line, inline, at)

    def _inline(self, line: Line, code: str, at: int) -> None:
        """The comment behind a head, and a body on the head's own line."""
        if line.comment is not None:
            self._add(Comment(line.comment))
        if not code:
            return
        word = WORD.match(code)
        if word and word.group() in DROPPED:
            self.stack[-1].is_waiting = False
        elif code[:3] == "...":
            self.stack[-1].is_waiting = False
            self.is_complete = False
        else:
            self._calls(line, line.code, at)

    def _head(self, line: Line, start: int) -> tuple[str, str, int]:
        """Splits `if CONDITION: STATEMENT` after its first word: the condition, the statement and its place."""
        code = line.code
        if code[-1] == ":":
            return code[start:-1], "", len(code)
        if match := COLON.search(code, start):
            return code[start : match.start()], code[match.end() :], match.end()
        if code[start:].strip().endswith("then"):
            return code[start:].strip()[:-4], "", len(code)
        self.note(line, "':' added at the end of the line")
        return code[start:], "", len(code)

    def _assert(self, line: Line) -> None:
        condition = line.code[len("assert") :]
        stripped = condition.strip().rstrip(":;")
        start = line.column + len("assert") + len(condition) - len(condition.lstrip())
        if match := re.search(r""",\s*+f?["'][^"']*+["']\s*+\)?\Z""", stripped):
            stripped = stripped[: match.start()] + (")" if stripped[0] == "(" else "")
        guard = read_conditions(stripped, line.number, start)
        block = self._open_block("assert", line, guard)
        block.is_waiting = False

    def _assignment(self, line: Line, at: int) -> None:
        """`cup = find("cup")` is its call; any other assignment says nothing that a program can hold."""
        value = line.code[at:]
        if CALL.match(value):
            self.note(line, f"assignment {line.code[:at].strip()!r} dropped, its call kept")
            self._calls(line, line.code, at)
        else:
            self.stack[-1].is_waiting = False
            self.note(line, f"assignment {line.code[:40]!r} dropped")

    def _calls(self, line: Line, code: str, at: int) -> None:
        """One call or several: `goto(cup); grasp(cup)`. at: where the first begins."""
        first = at
        while at < len(code):
            match = CALL.match(code, at)
            if match is None:
                if at == first:
                    self._add(self._bare(line, code[at:]))
                else:
                    self.note(line, f"passed over {code[at : at + 40]!r}")
                return
            name_at = match.start(3)
            items, at, is_closed = split_arguments(code, match.end())
            if not is_closed:
                self.note(line, "')' added at the end of the line")
            statement = self._call(line, match, items, line.column + name_at)
            if statement is not None:
                self._add(statement)
            else:
                self.stack[-1].is_waiting = False
            at = BETWEEN_CALLS.match(code, at).end()

    def _call(self, line: Line, match: re.Match, items: list[str], column: int) -> Statement | None:
        """What a call stands for: a sub-action, a call of another program, or nothing."""
        explicit, owner, name = match.groups()
        name = name.strip()
        if explicit or (name in self.callable and name not in CANONICAL_VERBS):
            return self._program_call(line, name, items, column)
        if owner:
            self.note(line, f"{owner.strip()!r} before {name!r} passed over")
        if not is_verb(name):
            if " " in name or "-" in name:
                return self._prefixed_call(line, name, items, column)
            if name.lower() in ("print", "log", "say"):
                self.note(line, f"{name!r} dropped")
                return None
            if name.lower() in RESERVED:
                raise ProgramSyntaxError(line.number, column, STATEMENT, repr(line.code[:60]))
            self.note(line, f"{name!r} is no sub-action and no program of this text: kept as a call")
            return self._program_call(line, name, items, column)
        return self._sub_action(line, name, items, column)

    def _sub_action(self, line: Line, word: str, items: list[str], column: int) -> SubAction:
        """A sub-action from a word that stands for a verb and the texts of its arguments."""
        arguments = _Arguments(self, line, column)
        arguments.read(items)
        verb = read_verb(word, len(arguments.objects))
        if word != verb.value:
            self.note(line, f"{word!r} read as {verb.value!r}")
        self.has_call = True
        return arguments.sub_action(verb)

    def _prefixed_call(self, line: Line, name: str, items: list[str], column: int) -> Statement:
        """`then grasp(cup)`: the last words may be a verb."""
        words = name.replace("-", " ").split()
        for start in range(1, len(words)):
            rest = " ".join(words[start:])
            if is_verb(rest):
                return self._sub_action(line, rest, items, column)
        raise ProgramSyntaxError(line.number, column, STATEMENT, repr(line.code[:60]))

    def _program_call(self, line: Line, name: str, items: list[str], column: int) -> Call:
        objects = []
        for item in items:
            if match := KEYWORD.match(item):
                if KEYWORDS.get(match[1].lower()) != "object":
                    self.note(line, f"argument {item.strip()!r} of {name!r} dropped")
                    continue
                item = match[2]
            if item.strip():
                objects.append(self.object(item, line, column))
        return Call(name, tuple(objects))

    def _bare(self, line: Line, code: str) -> Statement:
        """A sub-action without brackets: "goto cucumber", "move milk to table"."""
        text = code.rstrip(" ;,.")
        words = text.replace(",", " and ").replace('"', "").replace("'", "").split()
        for size in (3, 2, 1):
            name = " ".join(words[:size])
            if len(words) < size or not is_verb(name) or any(not w.isidentifier() for w in words[:size]):
                continue
            groups: list[list[str]] = [[]]
            last_joiner = ""
            for word in words[size:]:
                if word.lower() in JOINERS:
                    if groups[-1]:
                        groups.append([])
                    last_joiner = word.lower()
                elif word.lower() not in ARTICLES:
                    groups[-1].append(word)
            groups = [group for group in groups if group]
            is_short = len(groups) <= 2 and all(len(group) <= 3 for group in groups)
            if not is_short or not all(word.replace(":", "_").replace("-", "_").isidentifier() for word in words):
                break
            if len(groups) == 2 and last_joiner in ("with", "using"):
                groups.reverse()  # "cut carrot with knife": the knife acts
            verb = read_verb(name, len(groups))
            column = line.column + max(line.code.find(code), 0)
            objects = tuple(self.object("_".join(group), line, column) for group in groups)
            self.note(line, f"{text[:40]!r} read as '{verb}({', '.join(objects)})'")
            self.has_call = True
            return SubAction(verb, objects)
        if len(words) == 1 and words[0] in self.callable:
            self.note(line, "'()' added")
            return Call(words[0])
        raise ProgramSyntaxError(line.number, line.column + max(line.code.find(code), 0), STATEMENT, repr(code[:60]))

    # -- heads

    def _define(self, line: Line) -> None:
        match = HEAD.match(line.code)
        code = line.code
        words = re.findall(r"[A-Za-z0-9_]+", match.group(1))
        name = "_".join(words)
        if name[:1].isdigit():
            name = "_" + name
        if not name:
            raise ProgramSyntaxError(line.number, line.column + match.end(), "a program's name", repr(code[:60]))
        if name != match.group(1).strip():
            self.note(line, f"name {match.group(1).strip()!r} read as {name!r}")
        times: dict[str, float] = {}
        at = match.end()
        inline = ""
        if code[at : at + 1] == "(":
            items, at, is_closed = split_arguments(code, at + 1)
            if not is_closed:
                self.note(line, "')' added at the end of the line")
                if self.may_be_cut:  # the last number may lack digits
                    items = items[:-1]
            for item in items:
                self._parameter(line, item.strip().rstrip(":"), times)
            rest = code[at:].strip()
            if rest.startswith("->"):
                rest = rest[rest.index(":") :] if ":" in rest else ""
            if not rest.startswith(":") and is_closed:
                self.note(line, "':' added at the end of the line")
            inline = rest.lstrip(": ")
        else:
            if self.may_be_cut and code[at:] == "":
                raise ProgramSyntaxError(line.number, line.column + at, "'('", "the end of the text")
            self.note(line, "'()' added to the program's head")
            inline = code[at:].lstrip(": ")
        self._open_program(line, name, times.get("start_s"), times.get("stop_s"), indent=line.indent)
        if line.comment is not None or inline:
            self._inline(line, inline, len(code) - len(inline))

    def _parameter(self, line: Line, item: str, times: dict[str, float]) -> None:
        match = KEYWORD.match(item)
        key = KEYWORDS.get(match[1].lower()) if match else None
        value = read_number(match[2]) if key in ("start_s", "stop_s") else None
        if value is not None:
            times[key] = value
        elif item and item != "self":
            self.note(line, f"parameter {item[:40]!r} dropped: programs have times only")

    def _import(self, line: Line) -> bool:
        match = IMPORT.match(line.code)
        if not match:
            return False
        module, rest = match.groups()
        names = []
        for item in rest.rstrip(";").split(","):
            if not item.strip(" ()"):
                continue
            one = IMPORTED.match(item.strip())
            if one is None or (module and one[2]):
                return False
            names.append(one[1] + one[2])
            if one[3]:
                self.note(line, f"alias {one[3].strip()!r} dropped")
        if not names:
            return False
        if module is None:
            self.imports += [Import(name) for name in names]
            return True
        if not re.match(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z", module, re.ASCII):
            return False
        names = [name for name in names if name != "*"]
        self.imports.append(Import(module, tuple(names)))
        if module != "actions":  # ProgPrompt's own sub-actions come from there
            self.callable.update(names)
        return True

    def _objects(self, line: Line) -> None:
        start = OBJECTS.match(line.code).end()
        end = max(line.code.rfind(bracket) for bracket in "])}")
        inside = line.code[start : end if end >= start else len(line.code)]
        items, _, _ = split_arguments(inside + ")", 0)
        for item in items:
            if item.strip(" \"'"):
                self.objects.append(self.object(item, line, line.column + start))

    # -- ends

    def _cut(self, line: Line) -> bool:
        """Whether the last line of a text that was cut is not whole, and so is left out."""
        code = line.code
        word = WORD.match(code)
        if not word or not self.stack:
            return False
        name = word.group()
        if name in ("def", "async"):
            return False
        if _is_open(code):
            is_cut = True
        elif name in ("if", "while", "elif", "else", "for", "until", "repeat"):
            is_cut = ":" not in code
        elif ")" in code or name in ("pass", "return", "break", "continue"):
            is_cut = False
        elif name in ("from", "import", "assert", "print", "objects"):
            is_cut = name != "assert"
        else:
            is_cut = len(code.split()) == 1
        if is_cut:
            if line.indent <= self.stack[0].indent and not self._is_flat:
                return False
            self._place_comments(line, name)
            self.is_complete = False
            self.stack[-1].is_waiting = self.stack[-1].is_waiting and len(self.stack) > 1
            self.note(line, f"the text ends in the middle of {code[:40]!r}, which was left out")
        return is_cut

    # -- words

    def object(self, text: str, line: Line, column: int) -> str:
        raw = text.strip().strip("\"'<>[]{}").strip()
        try:
            name = object_name(raw)
        except ValueError:
            raise ProgramSyntaxError(line.number, column, "an object's name", repr(text.strip()[:60])) from None
        if "(" in raw:
            raise ProgramSyntaxError(line.number, column, "an object's name", repr(raw[:60]))
        if name != raw:
            self.note(line, f"object {raw[:40]!r} read as {name!r}")
        return name

    def note(self, line: Line, text: str) -> None:
        self.notes.append(Note(line.number, text))


class _Arguments:
    """Reads what stands between the brackets of a sub-action."""

    def __init__(self, builder: _Builder, line: Line, column: int):
        self.builder = builder
        self.line = line
        self.column = column
        self.objects: list[str] = []
        self.hand: Hand | None = None
        self.numbers: dict[str, float] = {}

    def read(self, items: list[str]) -> None:
        for item in items:
            if "=" in item and (match := KEYWORD.match(item)):
                self._keyword(match[1].lower(), match[2].strip())
            else:
                self._positional(item.strip())

    def _keyword(self, key: str, value: str) -> None:
        match KEYWORDS.get(key):
            case "object":
                if value.strip("\"'").lower() not in ("", "none"):
                    self.objects.append(self.builder.object(value, self.line, self.column))
                elif value[:1] in "\"'" and value.strip("\"'"):
                    self.objects.append("none")
            case "hand":
                word = value.strip("\"'").lower().replace(" ", "_")
                if word in HANDS:
                    self.hand = HANDS[word]
                elif word != "none":
                    self._drop(f"{key}={value}")
            case None:
                self._drop(f"{key}={value}")
            case name:
                number = read_number(value)
                if number is not None:
                    self.numbers[name] = number
                elif value.lower() != "none":
                    self._drop(f"{key}={value}")

    def _positional(self, item: str) -> None:
        word = item.strip("\"'<>[]{}").strip().lower().replace(" ", "_")
        if not word:
            return
        if word in HANDS:
            self.hand = HANDS[word]
            self.builder.note(self.line, f"object {item[:40]!r} read as a hand")
        elif word in ("none", "null", "nil", "true", "false") or read_number(item) is not None:
            self._drop(item)
        elif " " in item and item[0] not in "\"'" and any(part in JOINERS for part in item.lower().split()):
            for part in re.split(r"\b(?:" + "|".join(JOINERS) + r")\b", item, flags=re.IGNORECASE):
                if part.strip():
                    self._positional(part.strip())
        elif "," in item and item[0] in "[{":
            for part in item.strip("[]{}").split(","):
                self._positional(part.strip())
        else:
            self.objects.append(self.builder.object(item, self.line, self.column))

    def _drop(self, argument: str) -> None:
        self.builder.note(self.line, f"argument {argument[:40]!r} dropped")

    def sub_action(self, verb: Verb) -> SubAction:
        if len(self.objects) > 2:
            self.builder.note(self.line, f"objects after the second dropped: {', '.join(self.objects[2:])[:60]}")
        return SubAction(verb, tuple(self.objects[:2]), self.hand, **self.numbers)


def _canonical_sub_action(verb: str, inside: str) -> SubAction | None:
    """The quick way for what needs no mending; None where there may be something to mend."""
    if not inside:
        return SubAction(CANONICAL_VERBS[verb])
    objects = tuple(inside.split(", "))
    if len(objects) > 2:
        return None
    for name in objects:
        if " " in name or "," in name or not name or not name[0].isalpha() or name[-1] == "_" or name in HANDS:
            return None
        if name in ("none", "null", "nil", "true", "false"):
            return None
    return SubAction(CANONICAL_VERBS[verb], objects)


def split_arguments(code: str, start: int) -> tuple[list[str], int, bool]:
    """The texts between commas from `start`, just behind an opening bracket, to its closing one.

    Returns them, the place behind the closing bracket, and whether there was one.
    """
    end = code.find(")", start)
    is_closed = end != -1
    if not is_closed:
        end = len(code)
    if not SPECIAL_IN_ARGUMENTS.search(code, start, end):
        inside = code[start:end]
        return (inside.split(",") if inside.strip() else []), end + is_closed, is_closed
    items, item_start, depth, i = [], start, 0, start
    while i < len(code):
        character = code[i]
        if character in "\"'":
            closing = code.find(character, i + 1)
            i = closing if closing != -1 else i
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            if character == ")" and depth == 0:
                break
            depth = max(depth - 1, 0)
        elif character == "," and depth == 0:
            items.append(code[item_start:i])
            item_start = i + 1
        i += 1
    is_closed = i < len(code)
    items.append(code[item_start:i])
    return [item for item in items if item.strip()], i + is_closed, is_closed


def read_number(text: str) -> float | None:
    """A number with blanks anywhere, as typesetting leaves them: "1 . 6 3" is 1.63; None if it is none."""
    text = "".join(text.strip().strip("\"'").split())
    if len(text) > MAX_NUMBER_LENGTH:
        return None
    text = UNIT.sub("", text)
    if not NUMBER.match(text):
        return None
    number = float(text)
    return number if abs(number) != float("inf") else None


def _is_statement(code: str, word: str) -> bool:
    """Whether a line without indentation has the form of a statement, so that prose is told from it."""
    if word in RESERVED:
        return code.endswith(":") or word == code or COLON.search(code) is not None
    if CALL.match(code):
        return code.endswith(")")
    return is_verb(word) and len(code.split()) in (2, 3) and not code.endswith((".", "!", "?", ":"))


def _is_open(code: str) -> bool:
    """Whether a bracket or a quote is still open at the end of a line."""
    return code.count("(") > code.count(")") or code.count("[") > code.count("]") or code.count('"') % 2 == 1
