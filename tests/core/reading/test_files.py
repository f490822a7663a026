import gzip
import hashlib
import os
import tracemalloc
import zipfile

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from evenface.core.errors import InputError
from evenface.core.reading import files, open_table, text

FRAME = pl.DataFrame(
    {"id": ["007", "b", "c"], "n": ["1", "2", "3"], "g": ["=cmd()", "<script>x</script>", 'a, "b"\nc']}
)
CSV = FRAME.write_csv().encode()


def put(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def write(tmp_path, suffix):
    path = tmp_path / f"table.{suffix}"
    writers = {
        "csv": lambda: path.write_bytes(CSV),
        "tsv": lambda: FRAME.write_csv(path, separator="\t"),
        "csv.gz": lambda: path.write_bytes(gzip.compress(CSV)),
        "jsonl": lambda: FRAME.write_ndjson(path),
        "jsonl.gz": lambda: path.write_bytes(gzip.compress(FRAME.write_ndjson().encode())),
        "parquet": lambda: FRAME.write_parquet(path),
        "feather": lambda: FRAME.write_ipc(path),
        "arrows": lambda: FRAME.write_ipc_stream(path),
    }
    writers[suffix]()
    return path


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "jsonl", "jsonl.gz", "parquet", "feather", "arrows"])
def test_every_format_holds_the_same(tmp_path, suffix):
    path = write(tmp_path, suffix)
    table = open_table(path)
    assert table.frame.collect().equals(FRAME)
    assert table.source == path.name
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not table.streamed


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "feather"])
def test_large_files_are_streamed(tmp_path, suffix, monkeypatch):
    path = write(tmp_path, suffix)
    monkeypatch.setattr(files, "IN_MEMORY", 10)
    monkeypatch.setattr(text, "IN_MEMORY", 10)
    table = open_table(path)
    assert table.streamed
    assert table.frame.collect().equals(FRAME)
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "table",
    [
        FRAME,
        FRAME.lazy(),
        FRAME.to_dict(as_series=False),
        pd.DataFrame(FRAME.to_dict(as_series=False)),
        pa.table(FRAME.to_dict(as_series=False)),
    ],
    ids=["polars", "lazy", "dict", "pandas", "arrow"],
)
def test_tables_in_memory(table):
    opened = open_table(table)
    assert opened.frame.collect().equals(FRAME)
    assert opened.source == "table in memory"


def test_hash_of_a_table_in_memory_is_of_the_columns_asked_for():
    turned = FRAME.select("g", "n", "id")
    assert open_table(FRAME).sha256 == open_table(turned).sha256 == open_table(FRAME.to_dict(as_series=False)).sha256
    assert open_table(FRAME, columns=["id"]).sha256 == open_table(FRAME.select("id")).sha256 != open_table(FRAME).sha256
    assert open_table(FRAME).sha256 != open_table(FRAME.reverse()).sha256
    assert open_table(FRAME.lazy()).sha256 == open_table(FRAME.lazy()).sha256


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(tmp_path, encoding):
    data = "id,g\n1,Männlich\n".encode(encoding)
    assert open_table(put(tmp_path, "t.csv", data)).frame.collect().rows() == [("1", "Männlich")]


def test_latin1_is_read_and_said(tmp_path):
    table = open_table(put(tmp_path, "t.csv", "id,g\n1,Männlich\n".encode("latin-1")))
    assert table.frame.collect().rows() == [("1", "Männlich")]
    assert [notice.code for notice in table.warnings] == ["encoding"]


@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")])
def test_other_delimiters_are_found_and_said(tmp_path, delimiter, name):
    table = open_table(put(tmp_path, "t.csv", f"id{delimiter}g\n1{delimiter}a,b\n".encode()))
    assert table.frame.collect().rows() == [("1", "a,b")]
    assert name in table.notes[0]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blank_lines(tmp_path, end):
    data = end.join(["", "id,g", "1,a", "", '2,"b"', "", ""]).encode()
    assert open_table(put(tmp_path, "t.csv", data)).frame.collect().rows() == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n \n", "only blank lines"),
        ("a.csv", b"id,g\n", "no rows"),
        ("a.csv", b"id,g", "no rows"),
        ("a.csv", b"id,g,id\n1,2,3\n", "named 'id'"),
        ("a.csv", b"id,g\r\n1,2\r\n3\r\n", "row 2 has 1"),
        ("a.csv", b"id,g\n1,2\n3\n4,5,6\n", "row 2 has 1, row 3 has 3"),
        ("a.csv", b'id,g\n1,2\n"3,4\n', "opened and not closed after row 1"),
        ("a.csv", b"id:g\n1:2\n", "only one column was found, 'id:g'"),
        ("a.png", b"\x89PNG\r\n\x1a\n\x00\x00", "PNG picture"),
        ("a.pkl", b"\x80\x04\x95", "can run code"),
        ("a.bin", bytes(range(256)) * 4, "zero bytes"),
        ("a.json", b'[{"id": 1}]', "JSON list"),
        ("a.jsonl", b'{"id": 1}\nxx\n', "cannot be read"),
        ("a.parquet", b"PAR1xxxxxxxx", "cannot be read"),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)[:30], "cannot be unpacked"),
        ("a.csv", b"\xff\xfeabc", "cannot be decoded"),
    ],
)
def test_refused_files(tmp_path, name, data, said):
    with pytest.raises(InputError, match=said):
        open_table(put(tmp_path, name, data))


def test_places_that_hold_no_table(tmp_path):
    put(tmp_path, "predictions.csv", CSV)
    with pytest.raises(InputError, match=r"Did you mean predictions\.csv"):
        open_table(tmp_path / "prediction.csv")
    with pytest.raises(InputError, match=r"is a folder.*predictions\.csv"):
        open_table(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        open_table(tmp_path / "no" / "x.csv")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("inner.csv", CSV)
    with pytest.raises(InputError, match=r"holds inner\.csv\. Unzip"):
        open_table(tmp_path / "z.zip")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (5, "got int"),
        ({}, "no columns"),
        ({"a": []}, "no rows"),
        ({"a": [1], "b": [1, 2]}, "equal length"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "named 'a'"),
    ],
)
def test_refused_tables(table, said):
    with pytest.raises(InputError, match=said):
        open_table(table)


def test_a_line_of_two_gigabytes_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "long.csv"
    path.touch()
    os.truncate(path, 2 * 2**30)
    tracemalloc.start()
    with pytest.raises(InputError, match="first line is longer than 16 MB"):
        open_table(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 * 2**20


def test_an_overlong_later_line_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "LONGEST_LINE", 2000)
    monkeypatch.setattr(text, "PIECE", 500)
    with pytest.raises(InputError, match="longer than"):
        open_table(put(tmp_path, "t.csv", b"id,g\n1,a\n2," + b"x" * 5000 + b"\n"))


def test_widths_do_not_depend_on_the_pieces(tmp_path, monkeypatch):
    path = put(tmp_path, "t.csv", b'id,g\n1,"a\nb,c"\n2,"d ""e"" f"\n\n3,g')
    whole = open_table(path).frame.collect()
    assert whole.height == 3
    for piece in range(1, 30):
        monkeypatch.setattr(text, "PIECE", piece)
        assert open_table(path).frame.collect().equals(whole)
    put(tmp_path, "t.csv", b'id,g\n1,"a\nb,c"\n2,"d ""e"" f"\n\n3,g,h\n4,5\n')
    for piece in range(1, 30):
        monkeypatch.setattr(text, "PIECE", piece)
        with pytest.raises(InputError, match=r"1 of 4 rows .*: row 3 has 3"):
            open_table(path)


class NeedsPyarrow:
    """Stands for a pandas table where pyarrow is not installed."""

    columns = ("n", "g")

    def __arrow_c_stream__(self, requested_schema=None):
        raise ImportError("pyarrow is required")

    def __getitem__(self, name):
        return pd.Series({"n": [1, 2], "g": ["a", None]}[name])


def test_tables_that_cannot_speak_arrow_are_read_column_by_column():
    assert open_table(NeedsPyarrow()).frame.collect()["n"].to_list() == [1, 2]


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_well_packed_files_with_many_values_are_streamed(tmp_path, suffix, monkeypatch):
    path = write(tmp_path, suffix)
    monkeypatch.setattr(files, "NUMBERS_IN_MEMORY", FRAME.height * FRAME.width)
    assert not open_table(path).streamed
    monkeypatch.setattr(files, "NUMBERS_IN_MEMORY", FRAME.height * FRAME.width - 1)
    assert open_table(path).streamed


def test_a_streamed_table_is_counted_once():
    many = pl.LazyFrame({"a": ["x", "y", "x", None] * 10, "b": [1, 1, 2, 2] * 10, "id": range(40)})
    table = files.with_counts(files.open_table(many), ["a", "b"])
    assert table.counted is not None
    for part in (table, table.filter(pl.col("b") == 2)):
        anew = part.frame.collect().group_by("a").len()
        assert dict(part.count(["a"]).iter_rows()) == dict(anew.iter_rows())
    assert dict(table.count(["id"]).iter_rows()) == dict.fromkeys(range(40), 1)
    assert files.with_counts(table, ["a", "id"]).counted is table.counted  # so many combinations save nothing
    held = files.open_table(many.collect())
    assert files.with_counts(held, ["a", "b"]) is held
