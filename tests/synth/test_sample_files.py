"""The committed sample comes out again, and another draw has the same structure."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from python_calamine import load_workbook

from segkit.config import load_config
from segkit.problems import InputProblems
from segkit.synth.build import CASES, build, check
from segkit.synth.cases.client_export.defects import COUNTS
from segkit.synth.dictionary import dictionary

DATASETS = Path(__file__).parents[2] / "datasets"
CLIENTS = [case for case in CASES if (DATASETS / case / "client.yml").is_file()]
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

pytestmark = pytest.mark.slow  # makes every sample again: not part of the quick check


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other seed")
    build([], out=folder, seed=7)
    return folder


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("english")
    build([], out=folder, names="en", size="small")
    return folder


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def all_text(folder: Path) -> str:
    """Every file of a folder of sample data as one text."""
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".xlsx":
            rows = load_workbook(str(path)).get_sheet_by_index(0).to_python()
            parts += [" ".join(map(str, row)) for row in rows]
        elif path.suffix in (".csv", ".yml"):
            encoding = "gb18030" if "gbk" in path.name else "utf-8-sig"
            parts.append(path.read_text(encoding=encoding))
    return "\n".join(parts)


def test_committed_files_are_what_the_generators_give() -> None:
    assert check([], DATASETS) == []


def test_check_names_the_changed_line_the_changed_cell_and_the_missing_file(tmp_path: Path) -> None:
    build(["jd", "client_export"], out=tmp_path)
    orders = tmp_path / "jd" / "orders.csv"
    text = orders.read_bytes().split(b"\n")
    text[9] = text[9].replace(b"D", b"X", 1)
    orders.write_bytes(b"\n".join(text))
    (tmp_path / "_truth" / "jd_defects.csv").unlink()
    book = openpyxl.load_workbook(tmp_path / "client_export" / "export.xlsx")
    book.active["B20"] = "someone else"
    book.save(tmp_path / "client_export" / "export.xlsx")
    found = {(p.id, p.file, p.row) for p in check(["jd", "client_export"], tmp_path)}
    assert found == {
        ("data.file_differs", "jd/orders.csv", 10),
        ("data.file_differs", "client_export/export.xlsx", 20),
        ("data.file_missing", "_truth/jd_defects.csv", None),
    }


def test_a_cut_off_file_differs(tmp_path: Path) -> None:
    build(["jd"], out=tmp_path)
    orders = tmp_path / "jd" / "orders.csv"
    orders.write_bytes(b"\n".join(orders.read_bytes().split(b"\n")[:100]))
    assert [p.file for p in check(["jd"], tmp_path)] == ["jd/orders.csv"]


def test_another_seed_gives_other_data_with_the_same_defects(other: Path) -> None:
    here, there = (read(f / "_truth" / "client_export_defects.csv") for f in (DATASETS, other))
    assert not here.equals(there)
    for file in ("export_gbk.csv", "export.xlsx"):
        counted = there[there["file"] == file]["reason"].value_counts().to_dict()
        assert counted == COUNTS
    clean = [read(f / "_truth" / "client_export_clean.csv") for f in (DATASETS, other)]
    assert len(clean[0]) == len(clean[1]) == 959
    assert set(clean[0]["phone"]) & set(clean[1]["phone"]) == set()
    orders = [yaml.safe_load((f / "_truth" / "jd_summary.yml").read_text("utf-8")) for f in (DATASETS, other)]
    assert orders[0]["net_sales"] != orders[1]["net_sales"]
    assert set(orders[0]["defects"]) == set(orders[1]["defects"])
    assert orders[1]["defects"]["test"] == 40


def test_the_small_size_is_a_tenth_with_every_class_of_defect(tmp_path: Path) -> None:
    build([], out=tmp_path, size="small")
    defects = read(tmp_path / "_truth" / "client_export_defects.csv")
    assert set(defects["reason"]) == set(COUNTS)
    assert len(read(tmp_path / "jd" / "customers.csv")) == 360
    assert 1_000 < len(read(tmp_path / "jd" / "orders.csv")) < 2_000


def test_english_names_leave_no_chinese_but_the_signs_a_chinese_market_writes(english: Path) -> None:
    bilingual = (english / "dictionary.csv").read_text("utf-8-sig")
    text = re.sub(r"\{zh: [^{}]*, en: [^{}]*\}", "", all_text(english).replace(bilingual, ""))
    left = set(re.findall(r"[\u4e00-\u9fff]", text))
    assert left == {"万", "元"}


def test_unknown_wishes_are_refused_together(tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as raised:
        build(["jd", "jdd"], out=tmp_path, size="huge", names="fr")
    assert [p.facts["given"] for p in raised.value.problems] == ["jdd", "huge", "fr"]
    assert "jdd" in raised.value.text("zh") and list(tmp_path.iterdir()) == []


def test_check_takes_the_wishes_the_data_were_built_with(tmp_path: Path) -> None:
    build(["loyalty"], out=tmp_path, seed=7, size="small", names="en")
    assert check(["loyalty"], tmp_path, seed=7, size="small", names="en") == []
    assert {p.id for p in check(["loyalty"], tmp_path, size="small", names="en")} == {"data.file_differs"}
    for file in (tmp_path / "_truth").iterdir():  # as installed: without the truth
        file.unlink()
    (tmp_path / "_truth").rmdir()
    assert check(["loyalty"], tmp_path, seed=7, size="small", names="en") == []
    (tmp_path / "loyalty" / "ledger.csv").unlink()
    assert [p.id for p in check(["loyalty"], tmp_path, seed=7, size="small", names="en")] == [
        "data.file_missing"
    ]


def test_a_folder_without_sample_data_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as raised:
        check(["jd"], tmp_path, size="large")
    assert [p.id for p in raised.value.problems] == ["data.no_samples", "data.no_check_of_large"]


def test_nothing_is_made_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    heard: list[str] = []
    with pytest.raises(InputProblems) as raised:
        build(["loyalty"], out=tmp_path / "taken", progress=heard.append)
    assert str(tmp_path / "taken") in raised.value.text("zh") and heard == []
    with pytest.raises(InputProblems) as raised:
        build(["loyalty"], out=tmp_path, seed=-5)
    assert [p.id for p in raised.value.problems] == ["data.bad_seed"]
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_a_datasheet_says_in_what_its_draw_differs(tmp_path: Path) -> None:
    build(["loyalty"], out=tmp_path, size="small", names="en")
    for lang, words in (("zh", ["约十分之一", "单元格用英文"]), ("en", ["about a tenth", "in English"])):
        name = f"loyalty/datasheet.{lang}.md"
        head = (tmp_path / name).read_text("utf-8").splitlines()[:6]
        assert all(any(word in line for line in head) for word in words)
        sample = (DATASETS / name).read_text("utf-8").splitlines()
        assert head[0] == sample[0] and not sample[2].startswith(">")


def test_progress_hears_of_every_case(tmp_path: Path) -> None:
    heard: list[str] = []
    build([], out=tmp_path, size="small", progress=heard.append)
    assert heard == list(CASES)


# --- personal data that cannot belong to anyone -----------------------------------------------------


@pytest.mark.parametrize("which", ["committed", "other", "english"])
def test_phones_ids_and_mailboxes_are_impossible(which: str, other: Path, english: Path) -> None:
    text = all_text({"committed": DATASETS, "other": other, "english": english}[which])
    mobiles = re.findall(r"(?<![\d.])1\d{10}(?!\d)", text)
    assert len(mobiles) > 300
    assert {m[:3] for m in mobiles} == {"100"}
    ids = re.findall(r"(?<!\d)\d{17}[\dXx](?!\d)", text)
    assert len(ids) >= 4
    for number in ids:
        assert number.startswith("000000")
        total = sum(int(c) * w for c, w in zip(number[:17], _WEIGHTS, strict=True))
        assert number[17] != "10X98765432"[total % 11]
    assert {m.split("@")[1] for m in re.findall(r"[\w.]+@[\w.]+\w", text)} == {"example.com"}
    links = re.findall(r"https?://([\w.]+)", text)
    assert set(links) == {"example.com"}


def test_firms_say_that_they_are_invented() -> None:
    clean = read(DATASETS / "_truth" / "client_export_clean.csv")
    firms = clean[clean["customer_type"] == "企业"]["name"]
    assert len(firms) > 700 and firms.str.endswith("（虚构）").all()


# --- dictionary, datasheets, configs ---------------------------------------------------------------


def test_the_dictionary_has_the_headings_of_both_exports() -> None:
    listed = dictionary(["client_export"]).groupby("table", sort=False)["column"].agg(list).to_dict()
    head = (DATASETS / "client_export" / "export_gbk.csv").read_text("gb18030").splitlines()[1]
    assert listed.pop("client_export/export_gbk.csv") == head.split(",")
    book = load_workbook(str(DATASETS / "client_export" / "export.xlsx")).get_sheet_by_index(0)
    assert listed.pop("client_export/export.xlsx") == book.to_python()[2]
    assert listed == {}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_datasheet_of_the_export_counts_its_defects(lang: str) -> None:
    text = (DATASETS / "client_export" / f"datasheet.{lang}.md").read_text("utf-8")
    for reason, n in COUNTS.items():
        assert f"| `{reason}` | {n} |" in text


def test_client_yml_is_a_config_without_a_note(english: Path) -> None:
    for folder, lang in ((DATASETS, "zh"), (english, "en")):
        for case in CLIENTS:
            config = load_config(folder / case / "client.yml")
            assert config.notes == () and config.lang == lang


def test_client_yml_maps_headings_that_stand_in_the_files() -> None:
    for case, table, file in (
        ("client_export/client.yml", "customers", "client_export/export_gbk.csv"),
        ("client_export/client_xlsx.yml", "customers", "client_export/export.xlsx"),
        ("jd/client.yml", "orders", "jd/orders.csv"),
        ("jd/client.yml", "customers", "jd/customers.csv"),
    ):
        config = yaml.safe_load((DATASETS / case).read_text("utf-8"))
        assert Path(file).name in str(config["input"][table])
        known = dictionary(CLIENTS)
        assert set(config["mapping"][table]) <= set(known[known["table"] == file]["column"])
        assert str(config["as_of"]) == "2025-12-31"
