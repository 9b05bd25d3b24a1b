"""What the parser accepts, mends and refuses."""

import pytest

from egoprog.errors import ProgramSyntaxError
from egoprog.program import parse, parse_all, parse_condition, to_text
from egoprog.program.types import Call, Comment, Condition, If, Import, SubAction, Verb, While


def body(statements: str) -> tuple:
    """The statements of a program whose lines these are."""
    lines = statements.strip("\n").splitlines()
    return parse("def f():\n" + "\n".join("    " + line for line in lines) + "\n").body


def written(sub_action: str) -> str:
    return to_text(parse(f"def f():\n    {sub_action}\n")).splitlines()[-1].strip()


# -- LEAP's listings


def test_leap_listing_with_line_numbers_split_digits_and_wrapped_comments():
    program = parse(
        "� �\n\n1 def wipe_spoon (start_t=0 , stop_t= 1 . 6 3 ) :\n"
        "2 # Heard sound of scrub at time\n3 # 0.55 sec to 0.93 sec� �\n"
    )
    assert (program.name, program.start_s, program.stop_s) == ("wipe_spoon", 0, 1.63)
    assert program.body == (Comment("Heard sound of scrub at time"), Comment("0.55 sec to 0.93 sec"))


def test_leap_listings_in_one_text_are_separate_programs():
    carry, align = parse_all(
        "1 def carry_bowl (start_t=0 , stop_t= 1 . 9 3 ) :\n2 # objects = [bowl, spoon, cupboard,\n3 # drawer]� �� �\n"
        "1 def align_tofu (start_t=0 , stop_t= 0 . 7 7 ) :\n2 # objects = [tofu, knife,\n3 # pepper]� �\n"
    )
    assert carry.body == (Comment("objects = [bowl, spoon, cupboard,"), Comment("drawer]"))
    assert (align.name, align.stop_s, len(align.body)) == ("align_tofu", 0.77, 2)


def test_the_papers_clean_cucumber_without_brackets_and_with_quotes():
    program = parse(
        """\
def clean_cucumber():
    if cucumber not in hand:
        goto cucumber
        grab cucumber
    if "faucet" "not open":
        grab faucet
        use("faucet")
    while cucumber not clean:
        use(faucet, cucumber)
"""
    )
    assert program.body == (
        If(
            (Condition("in hand", ("cucumber",), True),),
            (SubAction(Verb.GOTO, ("cucumber",)), SubAction(Verb.GRASP, ("cucumber",))),
        ),
        If(
            (Condition("open", ("faucet",), True),),
            (SubAction(Verb.GRASP, ("faucet",)), SubAction(Verb.USE, ("faucet",))),
        ),
        While((Condition("clean", ("cucumber",), True),), (SubAction(Verb.USE, ("faucet", "cucumber")),)),
    )
    assert any("grab" in note.text and note.line == 4 for note in program.notes)


# -- ProgPrompt's programs


def test_progprompt_program_with_asserts_whose_else_belongs_to_no_if():
    program = parse(
        "from actions import grab <obj>, putin <obj> <obj>, standup\n\nobjects = ['microwave', 'salmon']\n\n"
        "def put_salmon_in_microwave():\n\t# 1: grab salmon\n"
        "\tassert('close' to 'salmon' )  \n\t\telse: find('salmon')\n"
        "\tgrab('salmon')\n\tassert('salmon' in 'hands' )\n\t\telse: find('salmon')\n\t\telse: grab('salmon')\n"
        "\tassert('microwave' is 'opened' )\n\t\telse: open('microwave')\n\tputin('salmon', 'microwave')\n"
    )
    assert program.imports == (Import("actions", ("grab", "putin", "standup")),)
    assert program.objects == ("microwave", "salmon")
    find, grab = SubAction(Verb.GOTO, ("salmon",)), SubAction(Verb.GRASP, ("salmon",))
    assert program.body == (
        Comment("1: grab salmon"),
        If((Condition("near", ("salmon",), True),), (find,)),
        grab,
        If((Condition("in hand", ("salmon",), True),), (find, grab)),
        If((Condition("open", ("microwave",), True),), (SubAction(Verb.USE, ("microwave",)),)),
        SubAction(Verb.POSITION, ("salmon", "microwave")),
    )
    assert program.is_complete


def test_assert_without_recovery_is_kept_as_a_comment():
    assert body("assert('fridge' is 'closed')\nopen('fridge')") == (
        Comment("assert fridge not open"),
        SubAction(Verb.USE, ("fridge",)),
    )


def test_assert_of_two_conditions_recovers_where_one_of_them_fails():
    assert body("assert(cup in hand and cup full)\n    else: wait()") == (
        If((Condition("in hand", ("cup",)), Condition("full", ("cup",))), (), (SubAction(Verb.WAIT),)),
    )


# -- what language models send


def test_fences_and_the_prose_around_them_are_passed_over():
    program = parse("Sure! Use grasp(cup):\n\n```python\ndef f():\n    grasp(cup)\n```\nIt takes the cup.\n")
    assert program.body == (SubAction(Verb.GRASP, ("cup",)),)
    assert program.is_complete
    assert program.notes


def test_several_fences_hold_several_programs():
    text = "```\ndef a():\n    wait()\n```\nand then\n```python\ndef b():\n    goto(cup)\n```\n"
    assert [program.name for program in parse_all(text)] == ["a", "b"]
    assert parse(text).name == "a"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_prose_without_fences_ends_the_program(ending):
    text = "Here it is.\ndef f():\n\tgrasp(cup)\n    wait()\nThis program takes the cup, then waits.\n"
    assert parse(text.replace("\n", ending)).body == (SubAction(Verb.GRASP, ("cup",)), SubAction(Verb.WAIT))


def test_missing_colons_and_brackets_are_added_and_said():
    program = parse("def f()\n    if cup not in hand\n        grasp(cup\n    wait()\n")
    assert program.body == (
        If((Condition("in hand", ("cup",), True),), (SubAction(Verb.GRASP, ("cup",)),)),
        SubAction(Verb.WAIT),
    )
    assert [note.line for note in program.notes] == [1, 2, 3]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("grab(cup)", "grasp(cup)"),
        ("pick up(cup)", "grasp(cup)"),
        ("pick_up(“cup”)", "grasp(cup)"),
        ("pickUp('cup')", "grasp(cup)"),
        ("put down (cup)", "release(cup)"),
        ("put(cup, table)", "position(cup, table)"),
        ("put(cup)", "release(cup)"),
        ("walk_to(fridge)", "goto(fridge)"),
        ("open(fridge)", "use(fridge)"),
        ("switchon('faucet')", "use(faucet)"),
        ("pour(milk, cup)", "use(milk, cup)"),
        ("do nothing()", "nothing()"),
        ("∅()", "nothing()"),
        ("robot.grasp(cup)", "grasp(cup)"),
        ("x = find('cup')", "goto(cup)"),
        ("grasp（cup，hand＝left）", "grasp(cup, hand=left)"),
        ("grasp('Washing Liquid', hand='right')", "grasp(washing_liquid, hand=right)"),
        ("grasp(cup, left_hand)", "grasp(cup, hand=left)"),
        ("use(knife, carrot, board)", "use(knife, carrot)"),
        ("wait(2.5)", "wait()"),
        ("grasp(None)", "grasp()"),
        ("move(milk to table)", "move(milk, table)"),
        ("move milk to the table", "move(milk, table)"),
        ("cut carrot with knife", "use(knife, carrot)"),
        ("grasp(cup);", "grasp(cup)"),
        (
            "grasp(cup, start_t = 0 . 4, stop_t=0.81s, confidence=.9)",
            "grasp(cup, start_t=0.4, stop_t=0.81, confidence=0.9)",
        ),
        ("`grasp(cup)`", "grasp(cup)"),
        ("- grasp(cup)", "grasp(cup)"),
        ("3. grasp(cup)", "grasp(cup)"),
    ],
)
def test_ways_to_write_a_sub_action(line, expected):
    assert written(line) == expected


def test_each_mended_word_is_noted_with_its_line():
    notes = parse("def f():\n    goto(cup)\n    grab(cup)\n").notes
    assert [(note.line, "grab" in note.text, "grasp" in note.text) for note in notes] == [(3, True, True)]


def test_canonical_text_has_no_notes():
    assert parse("def f(start_t=0, stop_t=1.5):\n    if cup in hand:\n        use(cup)\n").notes == ()


def test_several_calls_on_a_line_and_a_body_on_its_heads_line():
    assert body("if cup in hand: goto(table); release(cup)") == (
        If((Condition("in hand", ("cup",)),), (SubAction(Verb.GOTO, ("table",)), SubAction(Verb.RELEASE, ("cup",)))),
    )


def test_elif_is_an_if_in_the_else():
    assert body("if a1 open:\n    wait()\nelif b1 open:\n    goto(b1)\nelse:\n    goto(c1)") == (
        If(
            (Condition("open", ("a1",)),),
            (SubAction(Verb.WAIT),),
            (If((Condition("open", ("b1",)),), (SubAction(Verb.GOTO, ("b1",)),), (SubAction(Verb.GOTO, ("c1",)),)),),
        ),
    )


def test_what_says_nothing_about_the_world_is_dropped():
    program = parse('def f():\n    """Take it."""\n    print("hello")\n    grasp(cup)\n    pass\n    return\n')
    assert program.body == (Comment("Take it."), SubAction(Verb.GRASP, ("cup",)))
    assert {note.line for note in program.notes} == {2, 3, 6}


def test_a_counted_loop_keeps_its_body_once_below_a_comment():
    assert body("for i in range(3):\n    use(spoon, cup)") == (
        Comment("for i in range(3)"),
        SubAction(Verb.USE, ("spoon", "cup")),
    )


def test_calls_of_programs_of_the_text_and_of_imports_are_calls():
    first, second = parse_all("from library import dry\ndef wash(x):\n    dry(cup)\ndef g():\n    wash(cup, plate)\n")
    assert first.body == (Call("dry", ("cup",)),)
    assert second.body == (Call("wash", ("cup", "plate")),)


def test_an_unknown_call_is_kept_and_noted():
    program = parse("def f():\n    frobnicate(cup)\n")
    assert program.body == (Call("frobnicate", ("cup",)),)
    assert "frobnicate" in program.notes[0].text


def test_a_body_alone_is_a_program_named_program():
    program = parse("goto(cup)\ngrasp(cup)\nThat is all.\n")
    assert program.name == "program"
    assert program.body == (SubAction(Verb.GOTO, ("cup",)), SubAction(Verb.GRASP, ("cup",)))


def test_a_body_without_indentation_is_taken():
    assert len(parse("def f():\ngoto(cup)\ngrasp(cup)\nThis takes the cup.\n").body) == 2


def test_lists_over_several_lines_are_one():
    program = parse(
        "objects = [\n    'cup',\n    'milk',  # cold\n]\ndef f():\n    use(\n        milk,\n        cup\n    )\n"
    )
    assert program.objects == ("cup", "milk")
    assert program.body == (SubAction(Verb.USE, ("milk", "cup")),)


def test_comments_keep_their_places():
    program = parse(
        "def f():  # head\n    # first\n"
        "    if cup in hand:\n        # inside\n        wait()\n    # after\n    grasp(cup)\n# last\n"
    )
    assert program.body == (
        Comment("head"),
        Comment("first"),
        If((Condition("in hand", ("cup",)),), (Comment("inside"), SubAction(Verb.WAIT))),
        Comment("after"),
        SubAction(Verb.GRASP, ("cup",)),
        Comment("last"),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfdef f():\r\n\tgrasp(cup)\r\n",
        "def f():\n    grasp(cup)\n".encode("utf-16"),
        b"def f():\n    gra\0sp(cup)\xff\n",
    ],
)
def test_bytes_in_odd_encodings(data):
    assert parse(data).body == (SubAction(Verb.GRASP, ("cup",)),)


# -- conditions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cucumber not in hand", Condition("in hand", ("cucumber",), True)),
        ("'cucumber' is 'not in hand'", Condition("in hand", ("cucumber",), True)),
        ('"in hand" (cucumber)', Condition("in hand", ("cucumber",))),
        ("not in_hand(cucumber)", Condition("in hand", ("cucumber",), True)),
        ("not holding(cucumber)", Condition("in hand", ("cucumber",), True)),
        ("milk is in the right hand", Condition("in hand", ("milk", "right"))),
        ("left hand is holding the cup", Condition("in hand", ("cup", "left"))),
        ("cucumber is dirty", Condition("clean", ("cucumber",), True)),
        ("not clean(cucumber)", Condition("clean", ("cucumber",), True)),
        ("not cup.full()", Condition("full", ("cup",), True)),
        ("cup.is_full() == False", Condition("full", ("cup",), True)),
        ("faucet.state == 'open'", Condition("open", ("faucet",))),
        ("'faucet' 'not open'", Condition("open", ("faucet",), True)),
        ("faucet is closed", Condition("open", ("faucet",), True)),
        ("faucet isn’t open", Condition("open", ("faucet",), True)),
        ("'close' to 'microwave'", Condition("near", ("microwave",))),
        ("robot is near fridge", Condition("near", ("fridge",))),
        ("not near fridge", Condition("near", ("fridge",), True)),
        ("milk is on top of table", Condition("on", ("milk", "table"))),
        ("faucet is on", Condition("on", ("faucet",))),
        ("left hand empty", Condition("empty", ("left",))),
        ("right hand is not free", Condition("empty", ("right",), True)),
        ("water is boiling", Condition("boiling", ("water",))),
        ("washing liquid is nearly gone", Condition("nearly gone", ("washing_liquid",))),
        ("not (not (cup full))", Condition("full", ("cup",))),
    ],
)
def test_ways_to_write_a_condition(text, expected):
    (statement,) = body(f"if {text}:\n    wait()")
    assert statement.guard == (expected,)


def test_conditions_are_joined_by_and():
    expected = (Condition("in", ("milk", "fridge")), Condition("open", ("fridge",), True))
    assert parse_condition("milk in fridge and fridge not open") == expected
    assert parse_condition("milk in fridge && !open(fridge)") == expected
    assert parse_condition("(milk in fridge) and (fridge is closed)") == expected
    assert parse_condition("not (milk not in fridge or fridge open)") == expected


def test_free_hands_are_two_conditions_and_true_is_none():
    assert parse_condition("hands are empty") == (Condition("empty", ("left",)), Condition("empty", ("right",)))
    assert parse_condition("True") == ()


def test_or_is_refused_where_it_stands():
    with pytest.raises(ProgramSyntaxError, match="no 'or'") as error:
        parse("def f():\n    if cup in hand or cup full:\n        wait()\n")
    assert (error.value.line, error.value.column) == (2, 20)


# -- cut texts


@pytest.mark.parametrize(
    "cut",
    [
        "    grasp(cu",
        "    gras",
        "    if milk not in ha",
        "    if milk not in hand:",
        "    if milk in hand:\n        goto(",
        "    use(milk, ",
        "    ...",
        "    wash_ha",
    ],
)
def test_a_cut_text_keeps_the_whole_statements_before_the_cut(cut):
    program = parse(f"def f():\n    goto(cup)\n{cut}")
    assert [s for s in program.body if isinstance(s, SubAction)] == [SubAction(Verb.GOTO, ("cup",))]
    assert not program.is_complete


def test_a_cut_inside_a_fence_is_found_behind_a_line_break():
    program = parse("```python\ndef f():\n    goto(cup)\n    grasp(cu\n")
    assert program.body == (SubAction(Verb.GOTO, ("cup",)),)
    assert not program.is_complete


def test_a_cut_head_keeps_its_name_and_whole_numbers_only():
    program = parse("def take_cup(start_t=0, stop_t=1.6")
    assert (program.name, program.start_s, program.stop_s, program.is_complete) == ("take_cup", 0, None, False)
    with pytest.raises(ProgramSyntaxError, match="end of the text"):
        parse("def take_cu")


def test_a_text_that_ends_with_a_whole_statement_is_complete():
    assert parse("def f():\n    goto(cup)").is_complete


# -- refusals


@pytest.mark.parametrize(
    "text",
    [
        "",
        b"",
        "\n \t\n",
        "# only a comment\n",
        "I would take the knife and use (gently) the carrot.",
        "Grab milk.",
        "goto the cup, then grasp it",
        "```python\n```",
        "from library import f\n",
        "x = 5\n",
        b"\x80\xff\x00\x01",
    ],
)
def test_a_text_without_a_program_is_refused(text):
    with pytest.raises(ProgramSyntaxError, match="expected a program"):
        parse(text)


@pytest.mark.parametrize(
    ("statements", "line", "column", "expected", "found"),
    [
        ("goto(cup)\n@@@ ???\nwait()", 3, 5, "a statement", "@@@"),
        ("goto(cup)\nthe person then takes the cup away\nwait()", 3, 5, "a statement", "the person"),
        ("wait()\nelse:\n    wait()", 3, 5, "an 'if'", "else"),
        ("if cup in hand:\nwait()", 2, 20, "an indented body", "none"),
        ("if :\n    wait()", 2, 8, "a condition", "end of the line"),
        ("grasp(???)\nwait()", 2, 5, "an object's name", "???"),
        ("grasp(find(cup))\nwait()", 2, 5, "an object's name", "find(cup)"),
    ],
)
def test_an_error_names_line_column_expected_and_found(statements, line, column, expected, found):
    with pytest.raises(ProgramSyntaxError) as error:
        body(statements)
    assert (error.value.line, error.value.column) == (line, column)
    assert expected in error.value.expected
    assert found in error.value.found


def test_nesting_beyond_the_limit_is_refused_and_up_to_it_survives():
    def nested(depth):
        lines = ["def f():"] + [" " * (4 + 4 * i) + "if cup in hand:" for i in range(depth)]
        return "\n".join([*lines, " " * (4 + 4 * depth) + "wait()"]) + "\n"

    program = parse(nested(100))
    assert parse(to_text(program)) == program
    assert hash(program) == hash(parse(nested(100)))
    with pytest.raises(ProgramSyntaxError, match="100 levels"):
        parse(nested(101))
    with pytest.raises(ProgramSyntaxError, match="100 levels"):
        parse(nested(1500))


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    use(" + "(" * 300_000,
        "def f():\n    if " + "(" * 300_000,
        "def f():\n    if " + "not " * 100_000 + "cup full:\n        wait()\n",
        "def f():\n    " + "grasp(cup) " * 50_000,
        "def f():\n    grasp(" + "a " * 200_000,
        "def f():\n    " + "a " * 200_000,
        "def f():\n" + '"""\n' * 50_000,
        "def f():\n" + "    # a\n" * 50_000,
        "def f():\n    use(" + "'" * 300_000 + "\n",
        "```\n" * 50_000,
        "def f():\n    use([\n" + "a,\n" * 50_000,
        "def f():\n" + "    if cup full: wait()\n    else: wait()\n" * 10_000,
        "1 " * 200_000,
        "def f():\n    if " + "a and " * 60_000 + "b:\n        wait()\n",
        "def f():\n    if " + "a.b" * 60_000 + ":\n        wait()\n",
        "def f():\n    if " + "a " * 100_000 + ":\n        wait()\n",
        "def f():\n    if " + "a_not_" * 50_000 + "b:\n        wait()\n",
        "def f(" + "a=1," * 60_000 + "):\n    wait()\n",
        "def " * 100_000,
        "objects = [" + "a, " * 100_000 + "]\ndef f():\n    wait()\n",
        "from a import " + "b, " * 100_000 + "c\ndef f():\n    wait()\n",
        "def f():\n    assert" + "(cup)" * 50_000 + "\n",
    ],
)
def test_hostile_texts_end_in_a_program_or_a_syntax_error(text):
    """Any of these would last for minutes, or overflow the stack, if a step took more than linear time."""
    try:
        parse(text)
    except ProgramSyntaxError as error:
        assert len(str(error)) < 500
