"""Fills in the paper's tables and draws learning curves from the runs that there are.

python -m training.tables --runs runs --out docs/results
python -m training.tables --runs runs --out out/results --watch 600     # again every ten minutes, as runs end

Writes OUT/{sub_actions,recognition,anticipation}.md and OUT/curves_TASK.png. A run counts once `training.evaluate` has
left its measures beside it; what is not there yet is a dash.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from egoprog.data.atomic import atomic
from egoprog.errors import EgoprogError
from egoprog.leap.tables import TABLES, markdown
from egoprog.provenance import provenance
from egoprog.train.curves import draw_curves


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.tables", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("docs/results"), metavar="FOLDER")
    parser.add_argument("--watch", type=float, metavar="SECONDS", help="writes them again and again")
    options = parser.parse_args(arguments)
    try:
        while True:
            print(write_tables(options.runs, options.out))
            if options.watch is None:
                return 0
            time.sleep(options.watch)
    except KeyboardInterrupt:
        return 130
    except EgoprogError as error:
        print(f"training.tables: {error}", file=sys.stderr)
        return 1


def write_tables(runs: Path, out: Path) -> str:
    """Writes all tables and curves; returns the tables."""
    command = provenance()["command"]
    texts = []
    for name, table in TABLES.items():
        text = markdown(table, runs)
        texts.append(text)
        with atomic(out / f"{name}.md") as temporary:
            temporary.write_text(f"{text}\nMade with `{command}`.\n", encoding="utf-8")
    tasks = sorted({row.folder.partition("/")[0] for table in TABLES.values() for row in table.rows})
    for task in tasks:
        rows = sorted(path for path in (runs / task).glob("*") if path.is_dir())
        draw_curves(out / f"curves_{task}.png", {row.name: sorted(row.glob("seed*")) for row in rows})
    return "\n".join(texts)


if __name__ == "__main__":
    sys.exit(main())
