"""Write down what the suites come to: the hash of each plan and a coarse fingerprint of its pictures.

    python benchmarks/_freeze_suites.py [--keep]

Run it once when a suite is new. What is frozen stays: `--keep` (as a check before a release) writes nothing and ends
with 1 if a plan differs, or a picture by more than 1 of 255 in any cell.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from evenface.synthesis import suites
from evenface.synthesis.plan import Plan
from evenface.synthesis.run import renderer


def main() -> int:
    """Freeze, or compare with what is frozen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="write nothing; compare")
    keep = parser.parse_args().keep
    found, differing = {}, []
    for name in suites.SUITES:
        plan = Plan(suites.load_spec(name))
        cells = suites.fingerprint(plan, renderer())
        found[name] = {"plan_sha256": plan.sha256, "pictures": cells.reshape(len(cells), -1).tolist()}
        was = suites.frozen().get(name, {})
        off = np.abs(cells.reshape(len(cells), -1) - was["pictures"]).max() if was.get("pictures") else None
        same = was.get("plan_sha256") == plan.sha256
        print(f"{name}: plan {'as frozen' if same else 'NEW'}, pictures differ by {'-' if off is None else off}")
        differing += [name] if not same or off is None or off > 1 else []
    if keep:
        return int(bool(differing))
    folder = Path(suites.__file__).parent
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in found.items())
    (folder / "frozen.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
