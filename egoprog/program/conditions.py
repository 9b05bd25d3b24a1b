"""Conditions as sentences, calls and methods: "cucumber not in hand", `not open(faucet)`, `cup.full()`.

A condition is read in three steps: tokens, then literals joined by "and", then each literal's words. Words that the
language does not know are kept: "water is boiling" is Condition("boiling", ("water",)).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from egoprog.errors import ProgramSyntaxError
from egoprog.program.synonyms import (
    ACTORS,
    ADVERBS,
    ARTICLES,
    COPULAS,
    HOLDING,
    NEAR_ACTOR,
    PREDICATES,
    PREPOSITIONS,
    SENTENCE_WORDS,
)
from egoprog.program.types import Condition, object_name

MAX_BRACKETS = 20  # nested brackets in one condition

TOKEN = re.compile(
    r"""\s*+(?:(?P<text>"[^"]*+"|'[^']*+')|(?P<word>\w++(?::++\w++)*+)|(?P<mark>&&|\|\||==|!=|[<>]=?|[()\[\],.!=&|+*/%-]))"""
)
CANONICAL_LITERAL = re.compile(r"([a-z][a-z0-9_]*+) (not )?(in (?:(left|right) )?hand|open|on|clean|full|empty|cut)\Z")
CONTRACTION = re.compile(r"\b(is|are|was|does|do|has|have|can)n't\b")
CANONICAL_PREDICATE = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*\Z")
PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*(?::[a-z0-9_]+)*\Z")
SIDES = {"left": "left", "right": "right"}
HAND_WORDS = frozenset({"hand", "hands"})
ENDS_PHRASE = ("and", "or", "&&", "||", "&", "|", ",", ")")
NO_CONTENT = COPULAS | ADVERBS | {"not", "no"}
FUNCTION_WORDS = PREPOSITIONS.keys() | PREDICATES.keys() | {"true", "false"}
HAND_PHRASES = frozenset(
    {"left hand", "right hand", "in left hand", "in right hand", "hand empty", "hands empty", "hand free", "hands free"}
)


class Token(NamedTuple):
    kind: str  # "word", "text" (was quoted), "mark"
    text: str
    start: int


def read_conditions(text: str, line: int = 1, column: int = 1) -> tuple[Condition, ...]:
    """The literals of a condition, all of which must hold; none for "true".

    line, column: where the text stands, for errors. Raises ProgramSyntaxError, also for "or", which the language
    cannot say.
    """
    if (quick := _canonical(text)) is not None:
        return quick
    if "n't" in text:
        text = CONTRACTION.sub(r"\1 not", text)
    reader = _Reader(_tokens(text, line, column), line, column, len(text))
    literals = reader.conjunction(negated=False, depth=0)
    if reader.i < len(reader.tokens):
        reader.fail("'and' or the end of the condition")
    return tuple(literals)


def _canonical(text: str) -> tuple[Condition, ...] | None:
    """The quick way for the commonest canonical sentences; None for all others, which take the long one."""
    literals = []
    for part in text.strip().split(" and "):
        match = CANONICAL_LITERAL.match(part)
        if match is None:
            return None
        name, no, predicate, side = match.groups()
        if name in SENTENCE_WORDS or ("_" in name and spread(name) != [name]):
            return None
        literals.append(
            Condition("in hand", (name, side), no is not None)
            if side
            else Condition(predicate, (name,), no is not None)
        )
    return tuple(literals)


def _tokens(text: str, line: int, column: int) -> list[Token]:
    tokens = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = TOKEN.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            if rest[:1] in "\"'":  # a quote that never closes
                at = len(text) - len(rest) + 1
                continue
            raise ProgramSyntaxError(line, column + len(text) - len(rest), "a condition", repr(rest[:40]))
        kind = match.lastgroup
        value = match.group(kind)
        tokens.append(Token(kind, value[1:-1] if kind == "text" else value, match.start(kind)))
        at = match.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[Token], line: int, column: int, length: int):
        self.tokens = tokens
        self.line = line
        self.column = column
        self.length = length
        self.i = 0

    def fail(self, expected: str) -> None:
        token = self.tokens[self.i] if self.i < len(self.tokens) else Token("end", "the end of the line", self.length)
        found = token.text if token.kind == "end" else repr(token.text[:40])
        raise ProgramSyntaxError(self.line, self.column + token.start, expected, found)

    def peek(self, offset: int = 0) -> str:
        """The next token in lower case; "" for quoted text and at the end."""
        i = self.i + offset
        if i >= len(self.tokens) or self.tokens[i].kind == "text":
            return ""
        return self.tokens[i].text.lower()

    def conjunction(self, negated: bool, depth: int) -> list[Condition]:
        """Literals up to a closing bracket or the end; `negated` negates them all together."""
        if depth > MAX_BRACKETS:
            self.fail(f"at most {MAX_BRACKETS} brackets in one another")
        literals = self.literal(depth)
        joiners = set()
        while self.peek() in ("and", "&&", "&", "or", "||", "|", ","):
            joiner = "or" if self.peek() in ("or", "||", "|") else "and"
            if joiner == ("and" if negated else "or") or len(joiners | {joiner}) > 1:
                self.fail("conditions joined by 'and' (the language has no 'or'; write two ifs)")
            joiners.add(joiner)
            self.i += 1
            if self.peek() in ("and", "if"):  # ", and"; the paper's "and if"
                self.i += 1
            literals += self.literal(depth)
        if negated:
            literals = [~literal for literal in literals]
        return literals

    def literal(self, depth: int) -> list[Condition]:
        """One literal, or a bracketed conjunction; "hands empty" gives two, "true" none."""
        negated = False
        while self.peek() in ("not", "!"):
            negated = not negated
            self.i += 1
        if self.peek() == "(":
            is_word = self.i + 1 < len(self.tokens) and self.tokens[self.i + 1].kind != "mark"
            if is_word and self.peek(2) == ")" and self.peek(3) not in (*ENDS_PHRASE, ""):
                words = _quoted_words(self.tokens[self.i + 1].text)
                self.i += 3
                literals = self.phrase(words)  # "(cucumber) in hand"
            else:
                self.i += 1
                literals = self.conjunction(negated, depth + 1)
                if self.peek() == ")":
                    self.i += 1
                elif self.i < len(self.tokens):
                    self.fail("')'")
                return literals
        else:
            literals = self.phrase([])
        if negated and len(literals) > 1:
            self.fail("one condition after 'not'")
        return [~literal for literal in literals] if negated else literals

    def phrase(self, words: list[str]) -> list[Condition]:
        """A literal without brackets around it: a call, a method or a sentence. words: what has been read of it."""
        first = self.i
        while self.i < len(self.tokens):
            token = self.tokens[self.i]
            if token.kind == "text":
                words += _quoted_words(token.text)
                self.i += 1
                continue
            text = token.text.lower()
            if text in ENDS_PHRASE:
                break
            if token.kind == "word":
                words += spread(text)
                self.i += 1
            elif text == "(":
                is_quoted = self.i == first + 1 and self.tokens[first].kind == "text"
                is_placed = len(words) > 1 and words[-1] in PREPOSITIONS and words[-2] not in ("is", "not")
                if not is_placed or is_quoted:
                    return self.call(words, exact=is_quoted)
                self.i += 1  # "cup in (cupboard)"
                words += [self.name(one) for one in self.arguments()]
            elif text == "." and words:
                return self.method(first)
            elif text in ("==", "=", "!="):
                words.append("is")
                if text == "!=":
                    words.append("not")
                self.i += 1
            elif text == "!":
                words.append("not")
                self.i += 1
            elif text == "-" and words:
                self.i += 1
            else:
                self.fail("a condition such as 'cup in hand' or 'faucet not open'")
        if not words:
            self.fail("a condition such as 'cup in hand' or 'faucet not open'")
        return self.sentence(words)

    def arguments(self) -> list[str]:
        """Raw texts up to the closing bracket, whose opening one has been read."""
        items: list[list[str]] = [[]]
        while self.i < len(self.tokens):
            token = self.tokens[self.i]
            if token.kind == "mark":
                if token.text == ")":
                    break
                if token.text == ",":
                    items.append([])
                elif token.text == "(":
                    self.fail("an object's name")
            else:
                items[-1].append(token.text)
            self.i += 1
        self.i += 1  # the bracket, or past the end where it is missing
        return [" ".join(item) for item in items if item]

    def call(self, words: list[str], exact: bool) -> list[Condition]:
        """`predicate(arguments)`; a predicate in quotes is taken as it stands."""
        raw = self.tokens[self.i - 1].text
        self.i += 1
        args = tuple(self.name(item) for item in self.arguments())
        if exact and CANONICAL_PREDICATE.match(raw) and not raw.startswith("not "):
            return [self.compared(Condition(raw, args))]
        if not args:
            return self.sentence(words)
        negated = words.count("not") % 2 == 1
        words = [w for w in words if w not in COPULAS and w not in ("not", "check", "get")]
        if words and words[0] in ARTICLES:
            words = words[1:]
        if not words:
            self.fail("a predicate's name")
        return [self.compared(self.known(" ".join(words), args, negated))]

    def known(self, phrase: str, args: tuple[str, ...], negated: bool) -> Condition:
        """A condition whose predicate is ours where a word for it was used."""
        if phrase in HOLDING and args:
            predicate, flipped = "in hand", False
        elif len(args) == 1 and phrase in NEAR_ACTOR:
            predicate, flipped = "near", False
        elif len(args) == 2 and phrase in PREPOSITIONS:
            predicate, flipped = PREPOSITIONS[phrase], False
        else:
            predicate, flipped = PREDICATES.get(phrase, (phrase, False))
        if not CANONICAL_PREDICATE.match(predicate):
            predicate = re.sub(r"[^a-z0-9]+", " ", predicate).strip()
        while predicate.startswith("not "):
            predicate, flipped = predicate.removeprefix("not "), not flipped
        if not predicate:
            self.i = min(self.i, len(self.tokens)) - 1
            self.fail("a predicate's name")
        return Condition(predicate, args, negated ^ flipped)

    def compared(self, condition: Condition) -> Condition:
        """Reads what may follow a call: "== True", "is False", "== 'open'"."""
        if self.peek() not in ("==", "!=", "=", "is"):
            return condition
        negated = self.peek() == "!="
        self.i += 1
        if self.peek() == "not":
            negated = not negated
            self.i += 1
        value = self.tokens[self.i].text.lower() if self.i < len(self.tokens) else ""
        if value in ("true", "false"):
            self.i += 1
            return ~condition if negated ^ (value == "false") else condition
        if condition.predicate in ("state", "status", "state of") and value:
            self.i += 1
            return self.known(value, condition.args, condition.negated ^ negated)
        self.fail("True or False")
        raise AssertionError  # unreachable: fail raises

    def method(self, first: int) -> list[Condition]:
        """`cup.full()`, `cup.is_full`, `faucet.state == "open"`: the last name is the predicate."""
        names = [self.tokens[first].text]
        while self.peek() == ".":
            self.i += 1
            if self.i >= len(self.tokens) or self.tokens[self.i].kind != "word":
                self.fail("a name after '.'")
            names.append(self.tokens[self.i].text)
            self.i += 1
        args = [self.name(names[-2])]
        if self.peek() == "(":
            self.i += 1
            args += [self.name(item) for item in self.arguments()]
        words = spread(names[-1].lower())
        negated = words.count("not") % 2 == 1
        words = [w for w in words if w not in COPULAS and w != "not"] or words
        if args[0] in ACTORS and len(args) > 1:
            args = args[1:]
        return [self.compared(self.known(" ".join(words), tuple(args), negated))]

    def sentence(self, words: list[str]) -> list[Condition]:
        """A literal from its words: "cucumber is not in right hand"."""
        negated = (words.count("not") + words.count("no")) % 2 == 1
        split = next((i for i, word in enumerate(words) if word in ("not", "no") or word in COPULAS), None)
        if split == 0 and words[0] not in ("not", "no"):
            split = None
        subject_size = None if split is None else len(_content(words[:split]))
        words = _content(words)
        if words == ["true"] and not negated:
            return []
        if words and words[-1] in ("true", "false") and len(words) > 1:  # "faucet open == False"
            negated ^= words[-1] == "false"
            words = words[:-1]
        if not words:
            self.fail_at_start("a condition such as 'cup in hand' or 'faucet not open'")
        literals = _hand_sentence(words, negated) or _placed_sentence(words, negated)
        if literals:
            return [Condition(one.predicate, tuple(map(self.name, one.args)), one.negated) for one in literals]
        subject, phrase = _subject_and_state(words, subject_size)
        names = (self.name("_".join(subject)),) if subject else ()
        return [self.known(phrase, names, negated)]

    def name(self, text: str) -> str:
        """An object's canonical name."""
        try:
            return object_name(text)
        except ValueError:
            self.fail_at_start("an object's name")
            raise AssertionError from None  # unreachable: fail_at_start raises

    def fail_at_start(self, expected: str) -> None:
        self.i = max(self.i - 1, 0)
        self.fail(expected)


def spread(word: str) -> list[str]:
    """The words of a name that is a phrase of the language: "not_in_hand" -> not, in, hand; other names stay whole."""
    if "_" not in word:
        return [word]
    words = [part for part in word.split("_") if part]
    content = " ".join(part for part in words if part != "not" and part not in COPULAS)
    if content in PREDICATES or content in PREPOSITIONS or content in NEAR_ACTOR or content in HAND_PHRASES:
        return words
    turn = next((i for i, part in enumerate(words) if part == "not" or part in COPULAS), None)
    if turn is None:
        return ["_".join(words[:-2]), "in", "hand"] if words[-2:] == ["in", "hand"] else [word]
    rest = turn
    while rest < len(words) and (words[rest] == "not" or words[rest] in COPULAS):
        rest += 1
    before, state = words[:turn], words[rest:]
    is_phrase = " ".join(state) in PREDICATES or " ".join(state) in PREPOSITIONS
    return (
        ["_".join(before)] * bool(before) + words[turn:rest] + (state if is_phrase else ["_".join(state)] * bool(state))
    )


def _quoted_words(text: str) -> list[str]:
    """A quoted phrase of the language as its words, a quoted object as one word."""
    words = [word for part in text.lower().split() for word in spread(part)]
    if any(word in SENTENCE_WORDS and word not in ARTICLES for word in words):
        return words
    return ["_".join(words)] if words else []


def _content(words: list[str]) -> list[str]:
    """Words without copulas, adverbs and negations, without articles before a noun, and without the actor."""
    words = [word for word in words if word not in NO_CONTENT]
    if not words:
        return []
    after = [*words[1:], "in"]
    words = [w for w, following in zip(words, after, strict=True) if w not in ARTICLES or following in FUNCTION_WORDS]
    if len(words) > 1 and words[0] in ACTORS and (words[1] in HOLDING or PREPOSITIONS.get(words[1]) == "near"):
        return words[1:]
    return words


def _hand_sentence(words: list[str], negated: bool) -> list[Condition] | None:
    """Sentences about hands: "milk in right hand", "left hand empty", "holding milk"."""
    if words[-1] in HAND_WORDS:
        side = words[-2] if len(words) > 1 and words[-2] in SIDES else None
        before = words[: -2 if side else -1]
        if before and before[-1] == "both":
            before = before[:-1]
        if before and before[-1] in ("in", "inside", "within"):
            subject = before[:-1]
            if subject and subject[0] in HOLDING:
                subject = subject[1:]
            if subject:
                return [Condition("in hand", _named(subject, side), negated)]
    if words[0] in SIDES and len(words) > 1 and words[1] in HAND_WORDS:
        side, rest = words[0], words[2:]
        if rest and PREDICATES.get(" ".join(rest)) == ("empty", False):
            return [Condition("empty", (side,), negated)]
        if len(rest) > 1 and rest[0] in HOLDING:
            return [Condition("in hand", _named(rest[1:], side), negated)]
    if words[0] in HAND_WORDS and len(words) == 2 and PREDICATES.get(words[1]) == ("empty", False) and not negated:
        return [Condition("empty", (side,)) for side in SIDES]
    if words[0] in HAND_WORDS and len(words) > 2 and words[1] in HOLDING:
        words = words[1:]
    if words[0] in HOLDING and len(words) > 1:
        return [Condition("in hand", _named(words[1:], None), negated)]
    return None


def _named(subject: list[str], side: str | None) -> tuple[str, ...]:
    name = "_".join(subject)
    return (name, side) if side else (name,)


def _placed_sentence(words: list[str], negated: bool) -> list[Condition] | None:
    """Sentences with a preposition: "near fridge", "milk on table"."""
    for i in range(len(words)):
        for size in (3, 2, 1):
            phrase = " ".join(words[i : i + size])
            if phrase not in PREPOSITIONS and not (i == 0 and phrase in ("close",)):
                continue
            after = words[i + size :]
            if after and after[0] in ("to", "of"):
                after = after[1:]
            if " ".join(words[i:]) in PREDICATES or " ".join(words[i:]) in NEAR_ACTOR:
                break
            if not after:
                break
            if i == 0:
                if PREPOSITIONS.get(phrase, "near") not in ("near", "at"):
                    break
                return [Condition("near", ("_".join(after),), negated)]
            return [Condition(PREPOSITIONS[phrase], ("_".join(words[:i]), "_".join(after)), negated)]
    return None


def _subject_and_state(words: list[str], subject_size: int | None) -> tuple[list[str], str]:
    """Splits a sentence about one object into the object's words and the state's phrase."""
    if len(words) == 1:
        return [], words[0]
    for size in range(min(3, len(words) - 1), 0, -1):
        phrase = " ".join(words[-size:])
        if phrase in PREDICATES or phrase in NEAR_ACTOR:
            return words[:-size], "near" if phrase in NEAR_ACTOR else phrase
    if subject_size and subject_size < len(words):
        return words[:subject_size], " ".join(words[subject_size:])
    if words[0] in PREDICATES:
        return words[1:], words[0]
    return words[:-1], words[-1]
