"""Node numbers that stay with a statement over the revisions of one program.

A program's nodes are its body (number 0) and its statements in pre-order: a statement, then what it holds, an `if`'s
body before its `else`. A statement that a revision keeps, moves, times or names anew keeps its number; a new one gets
the next free number; the number of one that is gone is not given again.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from egoprog.program.types import Call, Comment, If, Program, Statement, SubAction, While, walk

ROOT = 0
SAME_START_S = 0.5  # a sub-action whose object got another name is the same if it began this close


class NodeNumbers:
    """The numbering of one program."""

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        self._numbers: list[int] = []
        self._next = ROOT + 1

    def assign(self, program: Program) -> tuple[int, ...]:
        """The numbers of the body and of every statement of the next revision, in pre-order."""
        statements = list(walk(program.body))
        numbers: list[int | None] = [None] * len(statements)
        matcher = SequenceMatcher(None, [_key(s) for s in self._statements], [_key(s) for s in statements], False)
        for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
            if tag == "equal":
                numbers[new_from:new_to] = self._numbers[old_from:old_to]
            elif tag == "replace":
                for new, old in self._alike(range(old_from, old_to), statements, range(new_from, new_to)):
                    numbers[new] = self._numbers[old]
        self._statements = statements
        self._numbers = [self._take() if number is None else number for number in numbers]
        return (ROOT, *self._numbers)

    def _alike(self, old_range: range, statements: list[Statement], new_range: range) -> Iterator[tuple[int, int]]:
        """Pairs (new, old), in order, of statements that changed in name or time only."""
        remaining = list(old_range)
        for new in new_range:
            match = next((old for old in remaining if _is_alike(self._statements[old], statements[new])), None)
            if match is not None:
                yield new, match
                remaining = [old for old in remaining if old > match]

    def _take(self) -> int:
        number, self._next = self._next, self._next + 1
        return number


def _key(statement: Statement) -> tuple:
    """What makes a statement itself, whatever its times."""
    match statement:
        case SubAction(verb=verb, objects=objects, hand=hand):
            return SubAction, verb, objects, hand
        case If(guard=guard):
            return If, guard
        case While(guard=guard):
            return While, guard
        case Call(name=name, objects=objects):
            return Call, name, objects
        case Comment(text=text):
            return Comment, text
    raise TypeError(f"expected a statement of the program language, got {statement!r}")


def _is_alike(old: Statement, new: Statement) -> bool:
    if type(old) is not type(new):
        return False
    if isinstance(old, SubAction) and isinstance(new, SubAction):
        if old.verb is not new.verb or (old.hand and new.hand and old.hand is not new.hand):
            return False
        if old.start_s is None or new.start_s is None:
            return old.objects == new.objects
        return abs(old.start_s - new.start_s) <= SAME_START_S
    return True
