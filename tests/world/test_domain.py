"""The table behind `use`: names that people write, a user's own table, errors that name the place."""

import pytest

from egoprog.errors import DomainError
from egoprog.program.types import Condition, SubAction, Verb
from egoprog.world import Domain, WorldState, apply, effects, explain


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("board:chopping", "dish"),
        ("chopping_board", "dish"),
        ("towel_kitchen", "cloth"),
        ("kitchen_towel", "cloth"),
        ("carrots", "food"),
        ("tomatoes", "food"),
        ("knives", "cutter"),
        ("cup_2", "vessel"),
        ("red_cup", "vessel"),
        ("onion:spring", "food"),
        ("tap", "tap"),
        ("faucet", "tap"),
        ("object_1", "thing"),
        ("zorblax", "thing"),
    ],
)
def test_a_noun_is_known_in_whatever_form_it_comes(name, kind):
    assert Domain.default().kind(name).name == kind


def test_every_exemplary_epic_noun_of_the_first_hundred_is_known(shared_data):
    lines = (shared_data / "annotations" / "EPIC_100_noun_classes.csv").read_text(encoding="utf-8").splitlines()
    nouns = [line.split(",")[1] for line in lines[1:101]]
    unknown = [noun for noun in nouns if Domain.default().kind(noun).name == "thing"]
    assert unknown == []


def test_a_users_table_adds_to_the_packaged_one(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "kinds:\n  cutter: {nouns: [katana]}\n  robot: {fixed: true, nouns: [arm]}\n"
        "uses:\n  command: {acting: [robot], makes: [acting busy]}\n"
        "  cut: {acting: [cutter], recipient: [food], makes: [recipient sliced]}\n"
    )
    domain = Domain.load(path)
    state = WorldState.initial(right="katana")
    assert effects(SubAction(Verb.USE, ("katana", "carrot")), state, domain) == (Condition("sliced", ("carrot",)),)
    assert effects(SubAction(Verb.USE, ("arm",)), state, domain) == (Condition("busy", ("arm",)),)
    assert domain.kind("fridge") == Domain.default().kind("fridge")
    assert Domain.default().kind("katana").name == "thing"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("kinds: [a]", "kinds"),
        ("kinds: {tap: {fixed: maybe}}", "kinds.tap.fixed"),
        ("kinds: {tap: {colour: red}}", "colour"),
        ("kinds: {tap: {holds: under}}", "kinds.tap.holds"),
        ("kinds: {tap: {nouns: ['!!']}}", "kinds.tap.nouns"),
        ("uses: {cut: {recipient: [food]}}", "uses.cut"),
        ("uses: {cut: {acting: [sword]}}", "uses.cut"),
        ("uses: {cut: {acting: [cutter], makes: [recipient cut]}}", "uses.cut.makes"),
        ("uses: {cut: {acting: [cutter], makes: clean}}", "uses.cut.makes"),
        ("verbs: {}", "verbs"),
        ("- a", "the file"),
        ("a: [", "YAML"),
    ],
)
def test_a_bad_table_is_refused_with_the_file_and_the_key(tmp_path, text, named):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(DomainError) as error:
        Domain.load(path)
    assert str(path) in str(error.value)
    assert named in str(error.value)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DomainError, match=r"missing\.yaml"):
        Domain.load(tmp_path / "missing.yaml")


USES = [
    ("knife", ("knife", "cucumber"), "cut", "cucumber", False),
    ("sponge", ("sponge", "plate"), "clean", "plate", False),
    (None, ("tap",), "on", "tap", False),
    (None, ("faucet",), "open", "faucet", False),
    (None, ("fridge",), "open", "fridge", False),
    (None, ("hob",), "on", "hob", False),
    ("milk", ("milk", "cup"), "full", "cup", False),
    ("milk", ("milk", "sink"), "empty", "milk", False),
    ("milk", ("milk",), "open", "milk", False),
    ("cucumber", ("cucumber", "faucet"), "clean", "cucumber", False),
    ("salt", ("salt", "pan"), "seasoned", "pan", False),
    ("kettle", ("kettle", "cup"), "full", "cup", False),
    ("peeler", ("peeler", "potato"), "peeled", "potato", False),
    ("spoon", ("spoon", "pan"), "mixed", "pan", False),
    ("lid", ("lid", "jar"), "open", "jar", True),
    ("cloth", ("cloth", "table"), "clean", "table", False),
]


@pytest.mark.parametrize(("held", "objects", "predicate", "about", "negated"), USES)
def test_use_takes_its_meaning_from_its_objects(held, objects, predicate, about, negated):
    after = apply(SubAction(Verb.USE, objects), WorldState.initial(right=held))
    assert after.value(Condition(predicate, (about,), negated)) is True


def test_a_pan_used_on_the_hob_stands_on_it():
    after = apply(SubAction(Verb.USE, ("pan", "hob")), WorldState.initial(right="pan"))
    assert after.value(Condition("on", ("pan", "hob"))) is True


def test_a_dirty_cup_is_rinsed_at_the_tap_and_another_one_filled():
    rinse = SubAction(Verb.USE, ("cup", "tap"))
    dirty = WorldState.initial(right="cup").assume(Condition("dirty", ("cup",)))
    assert apply(rinse, dirty).value(Condition("clean", ("cup",))) is True
    assert apply(rinse, WorldState.initial(right="cup")).value(Condition("full", ("cup",))) is True


def test_a_switch_used_twice_is_as_before():
    tap = SubAction(Verb.USE, ("tap",))
    on = apply(tap, WorldState.initial())
    assert apply(tap, on).value(Condition("off", ("tap",))) is True


def test_an_unknown_object_must_be_in_a_hand_to_be_used():
    use = SubAction(Verb.USE, ("object_1",))
    assert explain(use, WorldState.initial()) == "use(object_1): no hand holds the object_1"
    assert explain(use, WorldState.initial(left="object_1")) is None
