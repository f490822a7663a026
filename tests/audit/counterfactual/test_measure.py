"""Every count and rate, recomputed family by family in plain Python."""

import itertools
import math
from collections import defaultdict

import pytest

from evenface.audit.counterfactual import counterfactual


def families_of(table: dict) -> dict[str, dict[str, dict[str, tuple]]]:
    """Attribute -> family -> variant -> (label, answer, probability of the label, probabilities)."""
    out: dict = defaultdict(lambda: defaultdict(dict))
    scored = [key for key in table if key.startswith("p_")]
    for i, family in enumerate(table["family"]):
        p = {key[2:]: table[key][i] for key in scored}
        out[table["changed"][i]][family][table["variant"][i]] = (table["label"][i], table["predicted"][i], p)
    return out


@pytest.fixture(scope="module", params=[None, 25])
def both(planted, request):
    table = planted(
        120, {"asian": 0.3, "male": 0.1}, lost=0.06, missing=0.08, persons=request.param, scores=True, seed=3
    )
    return families_of(table), counterfactual(table, resamples=100)


def test_counts_of_every_pair(both) -> None:
    families, found = both
    assert len(found["pairs"]) == 3 + 1 + 1
    for pair in found["pairs"]:
        rows = [
            (f[pair["a"]], f[pair["b"]])
            for f in families[pair["attribute"]].values()
            if pair["a"] in f and pair["b"] in f
        ]
        answered = [(x, y) for x, y in rows if x[1] and y[1]]
        flips = sum(x[1] != y[1] for x, y in answered)
        assert pair["n"] == len(rows)
        assert pair["answered"] == len(answered) == pair["flip"]["n"]
        assert pair["flips"] == flips
        assert pair["flip"]["value"] == pytest.approx(flips / len(answered))
        assert pair["only_a_answered"] == sum(x[1] is not None and y[1] is None for x, y in rows)
        assert pair["only_b_answered"] == sum(x[1] is None and y[1] is not None for x, y in rows)
        right = [(x[1] == x[0], y[1] == y[0]) for x, y in rows]
        assert pair["both_right"] == right.count((True, True))
        assert pair["only_a_right"] == right.count((True, False))
        assert pair["only_b_right"] == right.count((False, True))
        assert pair["neither_right"] == right.count((False, False))
        change = (right.count((False, True)) - right.count((True, False))) / len(rows)
        assert pair["accuracy"]["change"] == pytest.approx(change)
        for shift in pair["shifts"]:
            name = None if shift["class"] == "no answer" else shift["class"]
            a, b = (sum(side[1] == name for side in sides) / len(rows) for sides in zip(*rows, strict=True))
            assert (shift["a"], shift["b"], shift["change"]) == pytest.approx((a, b, b - a))
        steps = [y[2][y[0]] - x[2][x[0]] for x, y in answered]
        assert pair["probability_intended"]["change"] == pytest.approx(sum(steps) / len(steps))
        distances = [sum(abs(x[2][c] - y[2][c]) for c in x[2]) / 2 for x, y in answered]
        assert pair["distance"]["value"] == pytest.approx(sum(distances) / len(distances))


def test_rates_of_every_attribute(both) -> None:
    families, found = both
    for entry in found["attributes"]:
        kept = [f for f in families[entry["attribute"]].values() if len(f) > 1]
        assert entry["families"] == len(kept)
        per_family, several, lost = [], [], 0
        for f in kept:
            answers = [row[1] for row in f.values() if row[1]]
            lost += 0 < len(answers) < len(f)
            if len(answers) > 1:
                pairs = list(itertools.combinations(answers, 2))
                per_family.append(sum(x != y for x, y in pairs) / len(pairs))
                several.append(len(set(answers)) > 1)
        assert entry["flip"]["value"] == pytest.approx(sum(per_family) / len(per_family))
        assert entry["any_flip"]["value"] == pytest.approx(sum(several) / len(several))
        assert entry["lost"]["value"] == pytest.approx(lost / len(kept))
        for variant in entry["variants"]:
            rows = [f[variant["variant"]] for f in kept if variant["variant"] in f]
            assert variant["n"] == len(rows)
            assert variant["accuracy"]["value"] == pytest.approx(sum(r[0] == r[1] for r in rows) / len(rows))
        by_class = {each["class"]: each["flip"] for each in entry["by_class"]}
        n = sum(each["n"] for each in by_class.values())
        total = sum(each["value"] * each["n"] for each in by_class.values() if each["n"])
        assert n == len(per_family)
        assert total / n == pytest.approx(entry["flip"]["value"])


def test_every_transition(both) -> None:
    families, found = both
    seen = set()
    for move in found["transitions"]:
        rows = [
            (f[move["a"]], f[move["b"]])
            for f in families[move["attribute"]].values()
            if move["a"] in f and move["b"] in f
        ]
        names = [(x[1] or "no answer", y[1] or "no answer", x[0]) for x, y in rows]
        went = [n for n in names if n[:2] == (move["from"], move["to"])]
        assert move["count"] == len(went)
        assert move["of"] == sum(n[0] == move["from"] for n in names)
        assert move["back"] == sum(n[:2] == (move["to"], move["from"]) for n in names)
        assert move["intended"] == sum(n[2] == move["from"] for n in went)
        assert move["net"] == move["count"] - move["back"] >= 0
        assert move["consistency"] == pytest.approx(move["count"] / (move["count"] + move["back"]))
        seen.add((frozenset((move["a"], move["b"])), frozenset((move["from"], move["to"]))))
    wanted = {
        (frozenset((a, b)), frozenset((f[a][1] or "no answer", f[b][1] or "no answer")))
        for kind in families.values()
        for f in kind.values()
        for a, b in itertools.combinations(f, 2)
        if f[a][1] != f[b][1]
    }
    assert seen == wanted
    nets = [move["net"] for move in found["transitions"]]
    assert nets == sorted(nets, reverse=True)


def test_recovers_what_was_planted(planted) -> None:
    table = planted(3000, {"asian": 0.2}, noise=0.0)
    found = counterfactual(table, resamples=100)
    pair = found.pair("ethnicity=caucasian", "ethnicity=asian")
    assert pair["flip"]["value"] == pytest.approx(0.2, abs=0.03)
    assert found.pair("ethnicity=african", "ethnicity=caucasian")["flips"] == 0
    assert found.pair("gender=female", "gender=male")["flips"] == 0
    assert found["baseline"]["flip"]["value"] == 0
    entry = found.attribute("ethnicity")
    assert entry["excess"]["value"] == pytest.approx(2 / 3 * 0.2, abs=0.02)
    assert entry["excess"]["low"] > 0
    assert found["transitions"][0]["to"] == "angry"
    assert found["transitions"][0]["p_adjusted"] < 0.01
    assert "ethnicity=asian" in found["transitions"][0]["b"]


def test_a_pair_asked_for_the_other_way_round_has_its_signs_turned(planted) -> None:
    found = counterfactual(planted(60, {"asian": 0.3}, scores=True, lost=0.05), resamples=100)
    there, back = (found.pair(*names) for names in itertools.permutations(("ethnicity=african", "ethnicity=asian")))
    for key in ("accuracy", "probability_intended"):
        assert back[key]["change"] == -there[key]["change"]
        assert (back[key]["low"], back[key]["high"]) == (-there[key]["high"], -there[key]["low"])
        assert back[key]["p"] == there[key]["p"]
    assert back["only_a_answered"] == there["only_b_answered"]
    assert back["flip"] == there["flip"]
    assert math.isclose(back["shifts"][0]["change"], -there["shifts"][0]["change"])
