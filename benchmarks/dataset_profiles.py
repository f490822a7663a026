"""Profiles of expression data sets and how alike they are, from tables of estimated attributes (DSAP).

    python benchmarks/dataset_profiles.py DSAP_ZIP_OR_DIR [OUT_DIR]

Prints, per data set: faces, groups, effective number of groups, evenness, imbalance, and Cramér's V of each attribute
with the expression label beside its chance level; then the similarity of every two data sets on all attributes crossed,
the counterpart of the matrix in arXiv 2312.14626. Attributes in these tables are one model's estimates.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from evenface.audit.dataset import dataset_bias, write_result
from evenface.audit.dataset.tables import number, small_p, with_interval

BY = ("gender", "race", "age")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="zip or folder with the tables")
    parser.add_argument("out", type=Path, nargs="?", help="where to write the result")
    asked = parser.parse_args()
    given = asked.data
    with tempfile.TemporaryDirectory() as folder:
        if given.is_file():
            with zipfile.ZipFile(given) as archive:
                archive.extractall(folder)
        files = sorted((Path(folder) if given.is_file() else given).rglob("*.csv"))
        start = time.perf_counter()
        result = dataset_bias(files, BY, "label", cross=len(BY), provenance=dict.fromkeys(BY, "estimated"))
        seconds = time.perf_counter() - start
    print_profiles(result)
    print_matrix(result, " × ".join(BY))
    faces = sum(data["input"]["rows"] for data in result["datasets"])
    settings = result["settings"]
    print(
        f"\n{faces:,} faces, {len(result['datasets'])} data sets, {len(result['datasets'][0]['profiles'])} groupings, "
        f"{settings['resamples']:,} resamples, {settings['permutations']:,} chance tables: {seconds:.2f} s"
    )
    if asked.out:
        print(*write_result(result, asked.out), sep="\n")


def print_profiles(result: dict[str, Any]) -> None:
    heads = ("data set", "by (estimated)", "faces", "groups", "effective number", "evenness", "max / min")
    heads += ("V with label", "chance", "p", "DSAP labels")
    print("| " + " | ".join(heads) + " |\n|" + " --- |" * len(heads))
    for data in result["datasets"]:
        for profile, link in zip(data["profiles"], data["stereotypes"], strict=True):
            if " × " in profile["by"]:
                continue
            shown, linked = profile["metrics"], link["metrics"]
            row = (
                data["name"],
                profile["by"],
                f"{profile['n']:,}",
                str(len(profile["groups"])),
                with_interval(shown["effective_number"]),
                with_interval(shown["shannon_evenness"]),
                with_interval(shown["imbalance_ratio"], 1),
                with_interval(linked["cramers_v"], 3),
                number(linked["cramers_v"]["chance_95"], 3),
                small_p(linked["cramers_v"]["p_holm"]),
                with_interval(linked["similarity_of_labels"], 3),
            )
            print("| " + " | ".join(row) + " |")


def print_matrix(result: dict[str, Any], by: str) -> None:
    names = [data["name"] for data in result["datasets"]]
    value = {frozenset((pair["a"], pair["b"])): pair["value"] for pair in result["similarity"] if pair["by"] == by}
    print(f"\nSimilarity on {by} (estimated)\n\n|  | " + " | ".join(names) + " |\n|" + " --- |" * (len(names) + 1))
    for a in names:
        print(f"| {a} | " + " | ".join("1" if a == b else f"{value[frozenset((a, b))]:.2f}" for b in names) + " |")


if __name__ == "__main__":
    main()
