"""Feeds the parser random and mutated text: only ProgramSyntaxError may come out.

    python -m benchmarks.fuzz --cases 100000
    python -m benchmarks.fuzz --cases 2000 --seed 7

Whatever is read must also be printed, and be read back as the same program. Prints the cases of each kind and what
came of them; exits 1 and shows the text where anything else came out.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator

from tqdm import tqdm

from egoprog.errors import ProgramSyntaxError
from egoprog.program import flatten, parse_all, to_text

SEED = 20231129

EXEMPLARS = (
    """\
from library import wash_hands
objects = [cucumber, faucet]

def clean_cucumber(start_t=0, stop_t=4.88):
    # Heard sound of water at time 1.2 sec to 3.4 sec
    if cucumber not in hand and near cucumber:
        goto(cucumber)
        grasp(cucumber, hand=right, start_t=0.4, stop_t=0.81, confidence=0.92)
    else:
        wait()
    while cucumber not clean:
        use(cucumber, faucet)
    wash_hands()
""",
    """\
1 def wipe_spoon (start_t=0 , stop_t= 1 . 6 3 ) :
2 # Heard sound of scrub at time
3 # 0.55 sec to 0.93 sec� �
4     goto cucumber
5     if 'faucet' 'not open':
6         use("faucet")
""",
    """\
from actions import grab <obj>, putin <obj> <obj>
objects = ['microwave', 'salmon']
def put_salmon_in_microwave():
\t# 1: grab salmon
\tassert('close' to 'salmon' )
\t\telse: find('salmon')
\tgrab('salmon')
\tassert('microwave' is 'opened')
\t\telse: open('microwave')
\t\telse: find('microwave')
\tputin('salmon', 'microwave')
""",
    """\
Sure! Here is the program:

```python
def make_tea(start_t=0, stop_t=5.2)
    \"\"\"Make tea.\"\"\"
    if not in_hand(cup) and kettle is closed
        pick up(“cup”, hand='left')
    elif (cup.full() == False) && near(kettle):
        grasp(kettle
    else:
        pass
    for i in range(3): stir(spoon, cup)
    x = find('cup'); put(x, table)
    return
```
That is all.
""",
)
TOKENS = (
    *("def", "if", "elif", "else", "while", "for", "assert", "not", "and", "or", "is", "in", "hand", "near", "empty"),
    *(
        "grasp",
        "goto",
        "use",
        "pick up",
        "put",
        "f",
        "cup",
        "milk",
        "left",
        "objects",
        "from",
        "import",
        "pass",
        "call",
    ),
    *("(", ")", "[", "]", ":", ",", ".", "=", "==", '"', "'", '"""', "```", "#", "...", "\n", "\n    ", "\n        "),
    *("\t", " ", "1", "0.5", "1e999", "start_t=", "hand=", "&&", "!", "\r\n", "\0", "\ufeff", "“", "（", "\ud800", "é"),
)


def cases(num_cases: int, seed: int) -> Iterator[tuple[str, str | bytes]]:
    """(kind, text) of each case; the same for the same seed."""
    random_ = random.Random(seed)
    kinds = (_random_bytes, _random_tokens, _mutated, _mutated)
    for i in range(num_cases):
        kind = kinds[i % len(kinds)]
        yield kind.__name__.strip("_").replace("_", " "), kind(random_)


def _random_bytes(random_: random.Random) -> bytes:
    return random_.randbytes(random_.randrange(200))


def _random_tokens(random_: random.Random) -> str:
    head = random_.choice(("", "def f():\n    ", "```\ndef f():\n    if ", "def f():\n    while "))
    between = random_.choice(("", " "))
    return head + between.join(random_.choices(TOKENS, k=random_.randrange(40)))


def _mutated(random_: random.Random) -> str | bytes:
    text = random_.choice(EXEMPLARS)
    for _ in range(random_.randrange(1, 8)):
        a = random_.randrange(len(text) + 1)
        b = min(len(text), a + random_.randrange(1, 30))
        match random_.randrange(7):
            case 0:
                text = text[:a] + text[b:]
            case 1:
                text = text[:a] + random_.choice(TOKENS) + text[a:]
            case 2:
                text = text[:a] + chr(random_.choice((random_.randrange(128), random_.randrange(0x3000)))) + text[a:]
            case 3:
                text = text[:b] + text[a:]
            case 4:
                text = text[:a]
            case 5:
                lines = text.splitlines(keepends=True)
                random_.shuffle(lines)
                text = "".join(lines)
            case 6:
                other = random_.choice(EXEMPLARS)
                text = text[:a] + other[random_.randrange(len(other)) :]
    if random_.random() < 0.2:
        data = bytearray(text.encode("utf-8", errors="surrogatepass"))
        for _ in range(min(len(data), 5)):
            data[random_.randrange(len(data))] = random_.randrange(256)
        return bytes(data)
    return text


def outcome(text: str | bytes) -> str:
    """What came of a text: a program, a cut program, or a refusal.

    Raises whatever else the parser raises, and AssertionError where printed text is not read back.
    """
    try:
        programs = parse_all(text)
    except ProgramSyntaxError as error:
        assert error.line >= 1 and error.column >= 1, f"no place in {error}"
        return "refused"
    assert parse_all(to_text(programs)) == programs, "the printed program is read as another one"
    for program in programs:
        flatten(program)
    return "program" if all(program.is_complete for program in programs) else "cut program"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    for kind, text in tqdm(cases(arguments.cases, arguments.seed), total=arguments.cases, disable=None):
        try:
            counts[kind, outcome(text)] += 1
        except Exception as error:
            print(f"{kind}: {type(error).__name__}: {error}\n{text!r}", file=sys.stderr)
            return 1
    print(f"{arguments.cases} cases, seed {arguments.seed}: nothing but ProgramSyntaxError came out")
    for (kind, what), count in sorted(counts.items()):
        print(f"{kind:16}{what:14}{count:8}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
