"""Made copies of what a set of one's own may come as."""

from __future__ import annotations

from ._made import Layout, parquet, tar

LAYOUTS: dict[str, Layout] = {
    "huggingface": Layout(
        [],
        2,
        {
            "data/train-00000-of-00001.parquet#0": {"label": "happy", "split": "train", "attr:gender": "F"},
            "data/train-00000-of-00001.parquet#1": {"label": "sad"},
        },
        {"data/train-00000-of-00001.parquet": parquet()},
    ),
    "webdataset": Layout(
        [],
        2,
        {
            "train/00000.tar!/a": {"label": "happy", "split": "train", "attr:gender": "F", "subject": "p1"},
            "train/00000.tar!/b": {"label": None, "subject": "p2"},
        },
        {
            "train/00000.tar": tar(
                {
                    "a.jpg": b"one",
                    "a.cls": "1",
                    "a.json": '{"gender": "F", "subject": "p1"}',
                    "b.jpg": b"two",
                    "b.json": '{"subject": "p2"}',
                }
            ),
            "train/classes.txt": "sadness\nhappiness\n",
        },
        ("Pictures without a .cls beside them: 1",),
    ),
    "folder": Layout(
        ["train/happiness/a.jpg", "val/anger/deep/b.png"],
        2,
        {
            "train/happiness/a.jpg": {"label": "happy", "split": "train"},
            "val/anger/deep/b.png": {"label": "angry", "split": "validation"},
        },
    ),
    "csv": Layout(
        ["pics/a.jpg", "pics/b.jpg"],
        3,
        {
            "pics/a.jpg": {"label": "happy", "subject": "p1", "split": "train", "attr:gender": "F", "camera": "X"},
            "pics/b.jpg": {"label": "sad", "split": "test"},
            "../secret.jpg": {"image": None},
        },
        {
            "faces.csv": "path,emotion,person,Usage,gender,camera\npics/a.jpg,joy,p1,Training,F,X\n"
            "pics/b.jpg,sadness,p2,PrivateTest,M,Y\n../secret.jpg,joy,p3,,F,X\n"
        },
        ("Labels without a picture: 1",),
    ),
}
