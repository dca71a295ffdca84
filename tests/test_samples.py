"""The sample data by name, from a checkout and from an installed wheel."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import segkit
from segkit.problems import InputProblems

ROOT = Path(__file__).parents[1]
DATASETS = ROOT / "datasets"
CASES = sorted(p.name for p in DATASETS.iterdir() if p.is_dir() and p.name != "_truth")
LEFT = {"reports", ".segkit", "to_confirm.xlsx"}  # by a report run on a sample client; not committed


@pytest.mark.parametrize("case", CASES)
def test_every_csv_is_an_attribute_with_all_its_rows_in_both_languages(case: str) -> None:
    english, chinese = segkit.load(case), segkit.load(case, lang="zh")
    assert english.tables == sorted(p.stem for p in (DATASETS / case).glob("*.csv")) != []
    for table in english.tables:
        here, there = getattr(english, table), getattr(chinese, table)
        assert here.shape == there.shape and len(here) > 0
        listed = english.dictionary[english.dictionary["table"] == f"{case}/{table}.csv"]
        assert list(there.columns) == list(listed["zh"])
        assert list(here.columns) == list(listed["column"])
        for name, heading in zip(here.columns, there.columns, strict=True):
            assert here[name].equals(there[heading])
        if table != "export_gbk":
            raw = english.path(table).read_bytes().decode("utf-8-sig").splitlines()
            assert raw[0] == ",".join(here.columns)
            assert len(here) == len(raw) - 1 and not here.isna().all(axis=1).any()


def test_clean_columns_are_typed_and_spoiled_ones_stay_text() -> None:
    jd = segkit.load("jd")
    assert jd.customers["register_date"].dtype.kind == "M"
    assert jd.customers["plus_member"].sum() == (jd.customers["plus_member"] == 1).sum() > 0
    assert jd.customers["customer_id"].iloc[0] == "C000001"
    assert jd.customers["opt_out_channels"].isna().mean() > 0.9
    assert jd.campaign["revenue"].dtype.kind == "f"
    # planted: ￥1,299.00 and 2025/3/7
    assert jd.orders["paid_amount"].str.startswith("￥").sum() > 100
    assert jd.orders["order_date"].str.contains("/").any()


def test_the_clients_export_comes_as_the_intake_reads_it() -> None:
    sample = segkit.load("client_export")
    assert len(sample.export_gbk) == 1050
    assert sample.export_gbk.columns[0] == "客户编号"
    assert list(sample.export_gbk) == list(segkit.read_table(sample.path("export_gbk")).frame)


def test_a_table_is_read_once_and_keeps_what_is_done_to_it() -> None:
    jd = segkit.load("jd")
    jd.feedback["seen"] = 1
    assert "seen" in jd.feedback
    assert "seen" not in segkit.load("jd").feedback
    assert {"orders", "customers", "dictionary"} <= set(dir(jd))


def test_a_case_can_be_copied_and_sent_to_another_process() -> None:
    jd = segkit.load("jd")
    for twin in (copy.deepcopy(jd), pickle.loads(pickle.dumps(jd))):
        assert twin.tables == jd.tables and twin.feedback.equals(jd.feedback)


def test_an_unknown_table_names_those_there_are() -> None:
    with pytest.raises(AttributeError, match=r"no table 'order'; it has campaign, customers"):
        _ = segkit.load("jd").order


def test_unknown_wishes_are_refused_together_with_the_nearest_name() -> None:
    with pytest.raises(InputProblems) as raised:
        segkit.load("jdd", lang="fr")  # type: ignore[arg-type]
    assert len(raised.value.problems) == 2
    assert "是不是“jd”" in raised.value.text("zh") and "did you mean 'jd'" in raised.value.text("en")
    with pytest.raises(InputProblems):
        segkit.load("_truth")


def test_another_draw_is_read_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from segkit.synth.build import build

    build(["jd"], out=tmp_path, seed=7, size="small")
    small = segkit.load("jd", folder=tmp_path)
    assert len(small.customers) == 360
    monkeypatch.setenv("SEGKIT_DATASETS", str(tmp_path))
    assert segkit.load("jd").customers.equals(small.customers)


def test_a_folder_without_sample_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as raised:
        segkit.load("jd", folder=tmp_path)
    assert str(tmp_path) in raised.value.text("zh") and "segkit data build" in raised.value.text("en")


# --- the wheel ------------------------------------------------------------------------------------

ASK = """
import json, sys, segkit
zh = segkit.load("jd", lang="zh")
frames = {c: {t: getattr(segkit.load(c), t) for t in segkit.load(c).tables} for c in json.loads(sys.argv[1])}
sums = {c: {t: int(__import__("pandas").util.hash_pandas_object(f).sum() % 2**31) for t, f in ts.items()} for c, ts in frames.items()}
print(json.dumps({"home": segkit.__file__, "zh": list(zh.orders), "sums": sums}))
"""


@pytest.mark.slow
def test_an_installed_wheel_holds_the_same_sample_data_without_the_truth(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        check=False, cwd=ROOT, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert not [n for n in names if "/_truth/" in n]
    for case in CASES:
        held = {n.rsplit("/", 1)[1] for n in names if n.startswith(f"segkit/datasets/{case}/")}
        assert held == {p.name for p in (DATASETS / case).iterdir()} - LEFT
    answers = []
    for place in (tmp_path / "site", ROOT):
        said = subprocess.run(
            [sys.executable, "-c", ASK, json.dumps(CASES)],
            cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=True,
            env={**os.environ, "PYTHONPATH": str(place), "PYTHONUTF8": "1"},
        )  # fmt: skip
        answers.append(json.loads(said.stdout))
    installed, checkout = answers
    assert Path(installed["home"]).is_relative_to(tmp_path / "site")
    assert Path(checkout["home"]).is_relative_to(ROOT)
    assert installed["sums"] == checkout["sums"] and installed["zh"] == checkout["zh"]
    assert installed["zh"][0] == "订单编号"
    assert sum(map(len, installed["sums"].values())) >= len(CASES)
