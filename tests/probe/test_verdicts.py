from evenface.probe.verdicts import judge, sentences


def reading(run: str, place: str, value: float, attribute: str = "gender") -> dict:
    measures = [
        {"probe": "linear", "measure": name, "value": value, "chance_high": 0.1, "verdict": ""}
        for name in ("accuracy", "bits")
    ]
    fixed = {"given": None, "undefined": None, "entropy": 1.0, "measures": measures}
    return {"run": run, "place": place, "attribute": attribute} | fixed


def verdicts(readings: list[dict]) -> list[str]:
    return [each["measures"][1]["verdict"] for each in readings]


def test_nothing_found_counts_only_where_it_could_have_been_found() -> None:
    found = [reading("a", "pixels", 0.5), reading("a", "latent", 0.0), reading("a", "latent", 0.0, "age")]
    judge(found, {"a": "x"})
    assert verdicts(found) == ["read", "not_read", "no_power"]
    said = sentences(found)
    assert "found though it is by the same in the pixels" in said[0]
    assert said[1].endswith("that proves nothing.")


def test_another_run_is_a_witness_only_with_the_same_faces_and_place() -> None:
    for other, faces, wanted in (("latent", "x", "not_read"), ("latent", "y", "no_power"), ("logits", "x", "no_power")):
        found = [reading("a", "latent", 0.0), reading("b", other, 0.9)]
        judge(found, {"a": "x", "b": faces})
        assert verdicts(found)[0] == wanted
