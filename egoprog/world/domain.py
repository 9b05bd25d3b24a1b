"""What things are and what using them does: the table behind `use`, which a user can extend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from egoprog.errors import DomainError
from egoprog.program.types import Condition, object_name
from egoprog.world.state import WorldState, canonical

ACTING: Final = "acting"
RECIPIENT: Final = "recipient"
ANYTHING: Final = "anything"
_THING: Final = "thing"
_KIND_KEYS: Final = {"fixed": bool, "opens": bool, "holds": str, "nouns": list}
_USE_KEYS: Final = ("acting", "recipient", "when", "needs", "makes", "toggles")
_TOP_KEYS: Final = ("kinds", "uses", "only_by_hand")
_MOST_REMEMBERED: Final = 20_000
_PACKAGED: Final = Path(__file__).with_name("domain.yaml")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of things. holds: "in" or "on", where something comes to lie that is moved to one; "" for nowhere."""

    name: str
    fixed: bool = False
    opens: bool = False
    holds: str = ""

    @property
    def encloses(self) -> bool:
        """Whether what lies in it is out of reach while it is closed."""
        return self.opens and self.holds == "in"


@dataclass(frozen=True, slots=True)
class Use:
    """One meaning of use(acting) or use(acting, recipient); see domain.yaml for the keys.

    Literals name their objects "acting" and "recipient". needs: None for the usual ones.
    """

    name: str
    acting: frozenset[str]
    recipient: frozenset[str] = frozenset()
    when: tuple[Condition, ...] = ()
    needs: tuple[Condition, ...] | None = None
    makes: tuple[Condition, ...] = ()
    toggles: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Domain:
    """A table of kinds, nouns and uses. `Domain.default()` is the kitchen that ships.

    kinds: name -> Kind. nouns: canonical noun -> kind's name. uses: in the order in which they are tried.
    only_by_hand: predicates that waiting never changes. outcomes: of steps that were validated, so far.
    """

    kinds: Mapping[str, Kind]
    nouns: Mapping[str, str]
    uses: tuple[Use, ...]
    only_by_hand: frozenset[str] = frozenset()
    outcomes: dict[tuple, tuple] = field(init=False, repr=False, compare=False)
    _by_words: dict[tuple[str, ...], tuple[str, Kind]] = field(init=False, repr=False, compare=False)
    _nouns_found: dict[str, tuple[str, Kind]] = field(init=False, repr=False, compare=False)
    _uses_found: dict[tuple[str, str | None], tuple[Use, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_words = {_words(noun): (noun, self.kinds[kind]) for noun, kind in self.nouns.items()}
        object.__setattr__(self, "_by_words", by_words)
        object.__setattr__(self, "outcomes", {})
        object.__setattr__(self, "_nouns_found", {})
        object.__setattr__(self, "_uses_found", {})

    @classmethod
    @cache
    def default(cls) -> Domain:
        """The packaged table."""
        empty = cls({_THING: Kind(_THING, holds="on")}, {}, ())
        return cls.load(_PACKAGED, base=empty)

    @classmethod
    def load(cls, path: str | Path, base: Domain | None = None) -> Domain:
        """The table of a YAML file, merged over `base` (the packaged one if None).

        Traits of a kind that is there already are replaced one by one, nouns are added and leave their old kind,
        a use of the same name is replaced and the others are tried first.
        Raises DomainError, which names the file and the key.
        """
        path = Path(path)
        try:
            table = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise DomainError(f"{path}: expected a YAML table of kinds and uses, got: {error}") from error
        return _merge(base or cls.default(), table or {}, path)

    def kind(self, name: str) -> Kind:
        """What an object is. A name that stands nowhere is looked up by its parts, then it is a `thing`."""
        return self._noun(name)[1]

    def use(self, objects: tuple[str, ...], state: WorldState) -> Use | None:
        """The first use that fits the objects in that state; None where the table knows none."""
        acting, recipient = objects[0], objects[1] if len(objects) > 1 else None
        for rule in self._rules(acting, recipient):
            if all(state.value(bind(condition, acting, recipient)) for condition in rule.when):
                return rule
        return None

    def together(self, condition: Condition) -> tuple[Condition, ...]:
        """The literals that are true where this one is, itself among them: a tap that is open is on."""
        if len(condition.args) == 1:
            predicate, (name,), negated = canonical(condition)
            for rule in self._rules(name, None):
                predicates = [literal.predicate for literal in rule.toggles]
                if predicate in predicates:
                    return tuple(Condition(one, (name,), negated) for one in predicates)
        return (condition,)

    @cached_property
    def predicates(self) -> frozenset[str]:
        """Every predicate that some use makes or toggles."""
        return frozenset(literal.predicate for rule in self.uses for literal in (*rule.makes, *rule.toggles))

    def _rules(self, acting: str, recipient: str | None) -> tuple[Use, ...]:
        rules = self._uses_found.get((acting, recipient))
        if rules is None:
            rules = tuple(
                rule
                for rule in self.uses
                if self._is_one_of(acting, rule.acting)
                and (self._is_one_of(recipient, rule.recipient) if recipient else not rule.recipient)
            )
            remember(self._uses_found, (acting, recipient), rules)
        return rules

    def _is_one_of(self, name: str, words: frozenset[str]) -> bool:
        noun, kind = self._noun(name)
        return kind.name in words or noun in words or ANYTHING in words

    def _noun(self, name: str) -> tuple[str, Kind]:
        found = self._nouns_found.get(name)
        if found is None:
            found = self._look_up(name)
            remember(self._nouns_found, name, found)
        return found

    def _look_up(self, name: str) -> tuple[str, Kind]:
        words = [word for word in re.split(r"[_:]", name) if not word.isdigit()]
        # The whole name; then EPIC's "head:modifier" and English's "modifier_head" by their heads.
        heads = [words[:1], words[-1:]] if ":" in name else [words[-1:]]
        for candidate in (words, *heads):
            for form in _singulars(candidate):
                if form in self._by_words:
                    return self._by_words[form]
        return name, self.kinds[_THING]


def remember(found: dict, key: Any, value: Any, limit: int = _MOST_REMEMBERED) -> None:
    """Keeps a look-up; a graph that runs for days meets ever new object numbers, so the store is emptied when full."""
    if len(found) >= limit:
        found.clear()
    found[key] = value


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def bind(literal: Condition, acting: str, recipient: str | None) -> Condition:
    """A rule's literal about real objects."""
    names = {ACTING: acting, RECIPIENT: recipient or RECIPIENT}
    return Condition(literal.predicate, tuple(names.get(arg, arg) for arg in literal.args), literal.negated)


def _words(noun: str) -> tuple[str, ...]:
    """A noun's words in an order of their own, so that "towel_kitchen" and "kitchen:towel" are one."""
    return tuple(sorted(re.split(r"[_:]", noun)))


def _singulars(words: list[str]) -> Iterator[tuple[str, ...]]:
    """The words as they are, then with the last and the first one's plural endings taken off."""
    yield tuple(sorted(words))
    for place in {0, len(words) - 1} if words else ():
        for ending, singular in (("ies", "y"), ("ves", "fe"), ("ves", "f"), ("es", ""), ("s", "")):
            if words[place].endswith(ending) and len(words[place]) > len(ending) + 1:
                stem = words[place][: -len(ending)] + singular
                yield tuple(sorted([*words[:place], stem, *words[place + 1 :]]))


def _merge(base: Domain, table: Any, path: Path) -> Domain:
    _expect_keys(table, _TOP_KEYS, path, "the file")
    kinds, nouns = dict(base.kinds), dict(base.nouns)
    for name, traits in _mapping(table.get("kinds"), path, "kinds").items():
        where = f"kinds.{name}"
        _expect_keys(traits, _KIND_KEYS, path, where)
        for key, value in traits.items():
            if not isinstance(value, _KIND_KEYS[key]):
                raise DomainError(f"{path}: {where}.{key}: expected {_KIND_KEYS[key].__name__}, got {value!r}")
        if traits.get("holds", "in") not in ("in", "on", ""):
            raise DomainError(f'{path}: {where}.holds: expected "in" or "on", got {traits["holds"]!r}')
        own = {key: value for key, value in traits.items() if key != "nouns"}
        kinds[str(name)] = replace(kinds.get(name, Kind(str(name))), **own)
        for noun in traits.get("nouns", ()):
            nouns[_name(noun, path, f"{where}.nouns")] = str(name)
    rules = [_use(name, entry, path) for name, entry in _mapping(table.get("uses"), path, "uses").items()]
    for rule in rules:
        unknown = (rule.acting | rule.recipient) - kinds.keys() - nouns.keys() - {ANYTHING}
        if unknown:
            raise DomainError(f"{path}: uses.{rule.name}: expected kinds or nouns of the table, got {min(unknown)!r}")
    replaced = {rule.name for rule in rules}
    uses = (*rules, *(rule for rule in base.uses if rule.name not in replaced))
    only_by_hand = base.only_by_hand | set(_list(table.get("only_by_hand"), path, "only_by_hand"))
    return Domain(kinds, nouns, uses, only_by_hand)


def _use(name: str, entry: Any, path: Path) -> Use:
    where = f"uses.{name}"
    _expect_keys(entry, _USE_KEYS, path, where)
    lists = {key: _list(entry.get(key), path, f"{where}.{key}") for key in _USE_KEYS}
    if not lists["acting"]:
        raise DomainError(f"{path}: {where}: expected a list `acting` of kinds or nouns, got none")

    def literals(key: str) -> tuple[Condition, ...]:
        return tuple(_literal(text, path, f"{where}.{key}", bool(lists["recipient"])) for text in lists[key])

    return Use(
        str(name),
        frozenset(lists["acting"]),
        frozenset(lists["recipient"]),
        literals("when"),
        literals("needs") if "needs" in entry else None,
        literals("makes"),
        literals("toggles"),
    )


def _literal(text: str, path: Path, where: str, has_recipient: bool) -> Condition:
    """A rule's literal: "near recipient", "acting not in hand", "acting in recipient", "recipient clean"."""
    words = text.split()
    negated = "not" in words
    words = [word for word in words if word != "not"]
    args = tuple(word for word in words if word in (ACTING, RECIPIENT))
    predicate = " ".join(word for word in words if word not in (ACTING, RECIPIENT))
    if not args or not predicate or (RECIPIENT in args and not has_recipient):
        raise DomainError(
            f'{path}: {where}: expected a literal about "acting" or, where there is one, "recipient", '
            f'such as "recipient clean" or "acting not in hand", got {text!r}'
        )
    return Condition(predicate, args, negated)


def _expect_keys(entry: Any, keys: Iterable[str], path: Path, where: str) -> None:
    allowed = ", ".join(keys)
    if not isinstance(entry, dict):
        raise DomainError(f"{path}: {where}: expected a table with {allowed}, got {entry!r}")
    for key in entry:
        if key not in keys:
            raise DomainError(f"{path}: {where}: expected only {allowed}, got the key {key!r}")


def _mapping(value: Any, path: Path, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DomainError(f"{path}: {where}: expected a table, got {value!r}")
    return value


def _list(value: Any, path: Path, where: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise DomainError(f'{path}: {where}: expected a list of words (quote "on" and "off"), got {value!r}')
    return value


def _name(noun: Any, path: Path, where: str) -> str:
    try:
        return object_name(noun)
    except (ValueError, AttributeError) as error:
        raise DomainError(f"{path}: {where}: expected an object's name, got {noun!r}") from error
