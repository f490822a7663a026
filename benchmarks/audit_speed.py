"""How long an audit takes and how much memory it needs, beside what it should.

    python benchmarks/audit_speed.py [--rows 1000000] [--small 3068]

* a large table (7 classes, 45 leaf groups) in a fresh process: reading a Parquet, all metrics, 1,000 resamples and
  permutations, with groups crossed two and three at a time, with and without probabilities;
* RAF-DB's 3,068 faces from Python, called again and again, and as a command from a CSV to the HTML report;
* `import evenface.audit`.

The tables are made here. Times are of the wall clock; processor seconds stand beside them.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from _common import BY, RAFDB, aims, faces, fresh, machine
from evenface.audit.run import audit

AUDIT = """
from evenface.audit.run import audit
result = audit(sys.argv[1], by=sys.argv[2].split(","), cross=int(sys.argv[3]))
print(sum(not g["small"] for g in result.data["groups"]), len(result.data["gaps"]))
"""
COMMAND = """
from evenface.cli.main import main
try:
    main()
except SystemExit as done:
    if done.code:
        raise
"""
IMPORT = """
import time
start = time.perf_counter()
import evenface.audit
light = time.perf_counter()
import evenface.audit.run
print(light - start, time.perf_counter() - start)
heavy = {"torch", "scipy", "pandas", "pyarrow", "altair"} & set(sys.modules)
if heavy:
    raise SystemExit(f"imported too: {heavy}")
"""


def large(rows: int, folder: Path) -> list[tuple[str, float, float, str]]:
    """Audits of a large Parquet file in processes of their own."""
    table, found = faces(rows, scores=True), []
    for scores in (False, True):
        path = folder / f"large-{scores}.parquet"
        (table if scores else table.select("y_true", "y_pred", *BY)).write_parquet(path)
        for cross in (2, 3):
            cost = fresh(AUDIT, path, ",".join(BY), cross)
            groups, gaps = cost.said.split()
            what = f"{rows:,} rows, {'with' if scores else 'no'} probabilities, crossed {cross}"
            what += f": {groups} groups, {gaps} gaps"
            print(f"{what}: {cost}", flush=True)
            found += [(what, 10, cost.wall, "s"), ("… peak memory", 500, cost.peak, "MB")]
    return found


def small(rows: int, repeats: int) -> list[tuple[str, float, float, str]]:
    """Audits of a small table, called again and again in this process."""
    found = []
    for scores in (False, True):
        table = faces(rows, scores=scores)
        walls, cpus = [], []
        for _ in range(repeats + 1):
            wall, cpu = time.perf_counter(), time.process_time()
            audit(table, by=BY)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        what = f"{rows:,} rows from Python, {'with' if scores else 'no'} probabilities"
        first, *walls = walls
        middle = statistics.median(walls)
        print(
            f"{what}: first {first:.3f} s, then median {middle:.3f} s, best {min(walls):.3f} s of {repeats} "
            f"(processor {statistics.median(cpus[1:]):.3f} s)"
        )
        found += [(f"{what}, median", 0.5, middle, "s"), ("… best", 0.5, min(walls), "s")]
    return found


def command(rows: int, folder: Path, repeats: int) -> list[tuple[str, float, float, str]]:
    """The whole command, CSV to HTML, in fresh processes."""
    found = []
    for scores in (False, True):
        path = folder / "small.csv"
        faces(rows, scores=scores).write_csv(path)
        out = folder / "report"
        costs = []
        for _ in range(repeats):
            shutil.rmtree(out, ignore_errors=True)
            costs.append(fresh(COMMAND, "audit", path, "--by", ",".join(BY), "--out", out, "--format", "html"))
        page = next(out.glob("*.html"))
        what = f"{rows:,} rows, whole command with HTML, {'with' if scores else 'no'} probabilities"
        middle = sorted(costs, key=lambda cost: cost.wall)[repeats // 2]
        print(f"{what}: median {middle}, page {page.stat().st_size / 1e6:.2f} MB", flush=True)
        found.append((f"{what}, median", 2.5, middle.wall, "s"))
    return found


def importing(repeats: int) -> list[tuple[str, float, float, str]]:
    """The import alone, in fresh processes that have not loaded anything."""
    pairs = [[float(text) for text in fresh(IMPORT).said.split()] for _ in range(repeats)]
    found = []
    for what, seconds in zip(
        ("import evenface.audit", "… and all that an audit needs"), zip(*pairs, strict=True), strict=True
    ):
        middle = statistics.median(seconds)
        print(f"{what}: median {middle:.3f} s of {repeats}, best {min(seconds):.3f} s")
        found.append((f"{what}, median", 0.3, middle, "s"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large table")
    parser.add_argument("--small", type=int, default=RAFDB, help="rows of the small table")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=("large", "small", "command", "import"))
    args = parser.parse_args()
    parts = {
        "import": lambda folder: importing(7),
        "small": lambda folder: small(args.small, args.repeats),
        "command": lambda folder: command(args.small, folder, args.repeats),
        "large": lambda folder: large(args.rows, folder),
    }
    print(machine(), flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, part in parts.items():
            if args.only in (None, name):
                rows += part(Path(folder))
    print("\n" + aims(rows))


if __name__ == "__main__":
    main()
