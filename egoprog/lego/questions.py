"""Questions about actions: how a model is asked in training, and what a person's free question asks for.

Needs no PyTorch: a live node reads its questions with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from egoprog.errors import InputError
from egoprog.lego.sentence_parts import SentenceReader

TEMPLATES = (
    "How do I {action}?",
    "How can I {action} here?",
    "Please show me how to {action}.",
    "What does it look like to {action}?",
    "In this place, what should my hands do to {action}?",
    "I want to {action}. What do I do?",
    "Which hand do I use, and where, to {action}?",
    "Describe how the person will {action}.",
    "Tell me what happens in the picture when I {action}.",
    "Given what I see now, what is the way to {action}?",
)
"""A training draws one at random; the first one asks wherever one is asked for alone."""

MAX_CHARACTERS = 400
MAX_ACTION_WORDS = 24
_HINT = "ask 'how do I open the drawer?'"
_SHOWN = 60  # characters of a question that an error repeats

# What stands around the action in a question; the longest that fits is cut off.
_POLITE = r"(?:(?:hi|hello|hey|ok|okay|please|now|so|then|sorry|excuse me|robot|assistant)[\s,!.]+)*"
_ASKING = (
    r"in this (?:place|picture|kitchen|scene), what should my hands do to|which hand do i use, and where, to",
    r"given what i see now, what is the way to|tell me what happens in the picture when i",
    r"describe how the person will",
    r"(?:can|could|would|will) (?:you|someone|somebody) (?:please )?(?:show|tell|teach|explain|describe)"
    r"(?: to)?(?: me)?(?: how)?(?: (?:to|i|i can|do i|you))?",
    r"(?:show|tell|teach|explain|describe)(?: to)?(?: me)? (?:how|what it looks like|the way|what happens)"
    r"(?: (?:to|when i|if i|i can|i should|i|you|the person will|the person))?",
    r"(?:how|where|when|with which hand|with what hand) (?:do|can|could|should|would|will|must|might|does|am|shall)"
    r" (?:i|we|you|one|someone|somebody|a person|the person)(?: (?:to|best|properly|safely|correctly))?",
    r"how to|how would it look to|how",
    r"what (?:does it look like|would it look like|is the (?:best |right )?way|should (?:i|my hands|we) do|do i do"
    r"|must i do|happens)(?: (?:to|when i|if i|in order to))?",
    r"(?:i|we) (?:want|need|would like|have|wish|am going|am trying|try|'d like) to|i'd like to"
    r"|let me|let's|help me(?: to)?",
    r"(?:show|draw|picture|imagine)(?: me)?",
)
_HEAD = re.compile(rf"^{_POLITE}(?:{'|'.join(f'(?:{one})' for one in _ASKING)})\s+", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:[\s,]+(?:here|please|now|for me|in (?:this|the) (?:picture|image|photo|scene|frame|place)|from here"
    r"|what (?:do|should|must) i do|how do i do (?:that|it|this)|thanks|thank you))*[\s.?!]*$",
    re.IGNORECASE,
)
_NO_ACTION = {
    "how",
    "what",
    "which",
    "where",
    "when",
    "why",
    "do",
    "did",
    "i",
    "we",
    "you",
    "it",
    "to",
    "can",
    "should",
}
_MARKUP = re.compile(r"<[^<>]{0,40}>|\[/?inst\]|<<|\{\{|\}\}|```", re.IGNORECASE)
_COMMANDS = re.compile(
    r"\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|prompt|rule|above|previous)|\bsystem prompt\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for.

    text: the question in one line, as it came. action: what is to be done, "open the drawer". nouns: the things named
    in it, in alphabetical order. doubt: "", or one sentence about what makes an answer doubtful; it is answered all
    the same.
    """

    text: str
    action: str
    nouns: tuple[str, ...] = ()
    doubt: str = ""


def parse_question(text: str, known: Iterable[str] = (), seen: Iterable[str] | None = None) -> Question:
    """The action that a free question, an instruction or a bare action ("open drawer") asks for.

    known: things that a model has learnt beside EPIC-KITCHENS' nouns. seen: the things in view, where somebody knows;
    an action on others is doubted. Raises InputError, one line, for what is empty, too long, or no question: markup of
    prompts and commands to a language model are refused, not passed on.
    """
    line = _one_line(text)
    action = _TAIL.sub("", line)
    for _ in range(2):  # "I want to open the drawer. How do I do that?" loses its tail, then its head
        action = _HEAD.sub("", action, count=1)
    action = _TAIL.sub("", action).strip(" ,;:.?!\"'")
    words = action.split()
    if not re.search(r"[^\W\d_]", action) or _NO_ACTION.issuperset(action.lower().split()):
        raise InputError(f"expected a question that names an action, got {_shown(line)}; {_HINT}")
    if len(words) > MAX_ACTION_WORDS:
        raise InputError(
            f"expected one action of at most {MAX_ACTION_WORDS} words, got {len(words)} ({_shown(action)}); "
            "ask for one step"
        )
    action = action[0].lower() + action[1:]
    things = action.partition(" ")[2] or action  # "drink" and "spread" are nouns too
    nouns = SentenceReader(known).parts(things).nouns
    return Question(line, action, tuple(sorted(nouns)), _doubt(action, nouns, seen))


def _one_line(text: str) -> str:
    """The text in one line of printable characters. Raises InputError for what is no question."""
    if not isinstance(text, str):
        raise InputError(f"expected a question as text, got a {type(text).__name__}; {_HINT}")
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"expected a question of at most {MAX_CHARACTERS} characters, got {len(text)} in {len(text.split())} "
            "words; ask for one action"
        )
    text = unicodedata.normalize("NFKC", text)
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Cn") and c not in "\t\r\n" for c in text):
        raise InputError("expected a question in printable characters, got control or invisible ones; type it anew")
    line = " ".join(text.split())
    if not line:
        raise InputError(f"expected a question, got an empty one; {_HINT}")
    if _MARKUP.search(line) or _COMMANDS.search(line):
        raise InputError(
            f"expected a question about an action, got {_shown(line)}, with markup or commands meant for a language "
            f"model; {_HINT}"
        )
    return line


def _doubt(action: str, nouns: frozenset[str], seen: Iterable[str] | None) -> str:
    if not nouns:
        return f"I know none of the things in {_shown(action)}, so the picture may be wrong."
    if seen is None:
        return ""
    reader = SentenceReader(seen)
    in_view = {noun for one in seen for noun in reader.parts(str(one).replace("_", " ").replace(":", " ")).nouns}
    missing = sorted(nouns - in_view)
    if not missing:
        return ""
    return f"I see no {' and no '.join(missing)} here, so the picture may be wrong."


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")
