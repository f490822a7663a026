"""Audit of a Parquet too large for memory: is memory flat, and is the time bounded by reading?

    python benchmarks/audit_stream.py [--rows 10000000 100000000] [--scores]

For each size a Parquet file is written in pieces to a temporary folder (1 to 2 GB of disk for 10^8 rows without
probabilities, removed at the end), then read and audited, each in a fresh process:

* reading once: a streamed sum over all columns that the audit needs, and the hash of the file's bytes, which the audit
  writes down so that a result can be told to belong to its input;
* the audit: all metrics, crossed two at a time, 1,000 resamples and permutations.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import polars as pl

from _common import BY, aims, faces, fresh, machine

PIECE = 1_000_000  # rows made at a time
PIECES = 5  # made anew; a longer file repeats them
READ = """
import hashlib
import polars as pl
import time
start = time.perf_counter()
frame = pl.scan_parquet(sys.argv[1])
text = [pl.col(name).str.len_bytes().sum() for name, kind in frame.collect_schema().items() if kind == pl.String]
frame.select(*text, pl.col(pl.Float64, pl.Float32).sum()).collect(engine="streaming")
read = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    hashlib.file_digest(file, "sha256").hexdigest()
print(read - start, time.perf_counter() - read)
"""
AUDIT = """
import time
start = time.perf_counter()
from evenface.core.reading import read_predictions
from evenface.audit.run import audit
table = read_predictions(sys.argv[1], by=sys.argv[2].split(","))
read = time.perf_counter()
result = audit(table)
print(read - start, time.perf_counter() - read, result.overall("accuracy").value)
"""


def write(rows: int, path: Path, *, scores: bool) -> None:
    """Write one file of `rows` faces: a few pieces made anew, then repeated, without holding more than one."""
    pieces = []
    for seed in range(min(PIECES, -(-rows // PIECE))):
        pieces.append(path.with_name(f"piece-{seed}.parquet"))
        faces(PIECE, scores=scores, seed=seed).write_parquet(pieces[-1])
    parts = [pl.scan_parquet(pieces[i % len(pieces)]) for i in range(-(-rows // PIECE))]
    pl.concat(parts).head(rows).sink_parquet(path, row_group_size=PIECE // 2)
    for piece in pieces:
        piece.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000_000, 100_000_000])
    parser.add_argument("--scores", action="store_true", help="with a probability per class")
    parser.add_argument("--folder", type=Path, help="where the file is written for the time being")
    args = parser.parse_args()
    print(machine(), flush=True)
    found = []
    heads = ("faces", "file", "sum of the columns", "hash", "peak of reading", "audit: reading", "audit: the rest")
    heads += ("processor", "peak", "audit / reading")
    print("| " + " | ".join(heads) + " |\n|" + " ---: |" * len(heads))
    for rows in args.rows:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            path = Path(folder) / "faces.parquet"
            write(rows, path, scores=args.scores)
            once, audit = fresh(READ, path), fresh(AUDIT, path, ",".join(BY))
            columns, digest = map(float, once.said.split())
            reading, rest, _ = map(float, audit.said.split())
            seconds = [f"{x:.1f} s" for x in (columns, digest, reading, rest, audit.cpu)]
            cells = (f"{rows:,}", f"{path.stat().st_size / 1e6:,.0f} MB", *seconds[:2], f"{once.peak:,.0f} MB")
            cells += (*seconds[2:], f"{audit.peak:,.0f} MB", f"{(reading + rest) / (columns + digest):.1f}")
            print("| " + " | ".join(cells) + " |", flush=True)
            found.append((f"{rows:,} faces, peak memory", 1000, audit.peak, "MB"))
    print("\n" + aims(found))


if __name__ == "__main__":
    main()
