"""The files a CRM imports, opened again: ids and new fields only, a hundred records each, nothing refused unsaid."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from small_plans import AS_OF, customers_of, planned, tasks_of

from segkit.config import load_config
from segkit.config.model import CrmTarget
from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.report.render.crm import known_crms, render_crm, validate
from segkit.report.render.crm.mapping import SOURCES, Crm, crm_of

TARGETS = known_crms()
PERSONAL = re.compile(r"name|phone|mobile|e-?mail|address|contact|姓名|电话|手机|邮箱|地址", re.IGNORECASE)


def written(folder: Path, target: str, kind: str) -> list[dict[str, Any]]:
    """Every record of one kind of file, in order."""
    records: list[dict[str, Any]] = []
    crm = crm_of(target)
    for path in sorted((folder / "crm" / target).glob(f"{kind}_*")):
        text = path.read_bytes().decode(crm.encoding)
        if crm.format == "json":
            records += json.loads(text)[crm.records]
        else:
            records += csv.DictReader(io.StringIO(text, newline=""))
    return records


def refused(folder: Path, target: str) -> list[list[str]]:
    path = folder / "crm" / target / "refused.csv"
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))[1:]


@pytest.mark.parametrize("target", TARGETS)
def test_every_customer_and_task_is_in_the_files_once(target: str, tmp_path: Path) -> None:
    customers = customers_of(250)
    tasks = tasks_of(customers, 201)
    render_crm(planned(tmp_path, customers, tasks), tmp_path, tmp_path, [target])
    for kind in crm_of(target).objects:
        wanted = customers["customer_id"] if kind.rows == "customers" else tasks["task_id"]
        records = written(tmp_path, target, kind.name)
        keys = [str(r[kind.key]).removeprefix(kind.key_field.prefix) for r in records]
        assert sorted(keys) == sorted(wanted)
        files = sorted((tmp_path / "crm" / target).glob(f"{kind.name}_*"))
        assert [path.stem for path in files] == [f"{kind.name}_{i:03d}" for i in (1, 2, 3)]
    assert validate(tmp_path / "crm" / target, target) == []
    assert not (tmp_path / "crm" / target / "refused.csv").exists()


@pytest.mark.parametrize("target", TARGETS)
def test_names_and_contacts_never_reach_a_file(target: str, tmp_path: Path) -> None:
    customers = customers_of(
        3, name="王小明（虚构）", phone="10012345678", email="w@example.com", address="某路 1 号"
    )
    tasks = tasks_of(customers, 3, name="王小明（虚构）", phone="10012345678")
    render_crm(planned(tmp_path, customers, tasks), tmp_path, tmp_path, [target])
    for path in (tmp_path / "crm" / target).iterdir():
        text = path.read_text(encoding="utf-8-sig")
        assert not re.search("王小明|10012345678|w@example|某路", text), path.name
    heads = {one.to for kind in crm_of(target).objects for one in kind.fields}
    # `name` of a task in 纷享销客 is the subject of the task
    assert not {head for head in heads if PERSONAL.search(head)} - {"name", "owner_name__c"}


def test_dates_are_in_the_form_of_their_crm(tmp_path: Path) -> None:
    customers = customers_of(1)
    tasks = tasks_of(customers, 1)
    render_crm(planned(tmp_path, customers, tasks), tmp_path, tmp_path, TARGETS)
    midnight = dt.datetime(2026, 1, 5, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert written(tmp_path, "fxiaoke", "tasks")[0]["due_date__c"] == midnight.timestamp() * 1000
    assert written(tmp_path, "zoho", "tasks")[0]["Due_Date"] == "2026-01-05"
    assert written(tmp_path, "tryton", "tasks")[0]["end_date"] == "2026-01-05"
    assert written(tmp_path, "generic", "customers")[0]["classified_on"] == AS_OF.isoformat()


def test_a_customer_carries_label_reason_and_the_first_task(tmp_path: Path) -> None:
    customers = customers_of(3)
    tasks = tasks_of(customers, 3)
    later = tasks.assign(
        task_id=["X1", "X2", "X3"], due=tasks["due"] + pd.Timedelta(days=9), owner="后来人（虚构）"
    )
    both = pd.concat([later, tasks], ignore_index=True)
    render_crm(planned(tmp_path, customers, both), tmp_path, tmp_path, ["generic"])
    first, _, third = written(tmp_path, "generic", "customers")
    assert first == {
        "customer_id": "C000001",
        "label": "重要价值客户",
        "label_id": "key_value",
        "why": customers["why"][0],
        "next_step": "回访关怀，问使用情况和下一次需要",
        "next_due": "2026-01-05",
        "next_channel": "电话",
        "next_owner": "张三（虚构）",
        "classified_on": "2025-12-31",
    }
    assert third["next_owner"] == "", "待分配 is nobody"


@pytest.mark.parametrize("target", TARGETS)
def test_encoding_and_line_ends_are_those_of_the_crm(target: str, tmp_path: Path) -> None:
    render_crm(planned(tmp_path), tmp_path, tmp_path, [target])
    crm = crm_of(target)
    for path in (tmp_path / "crm" / target).glob(f"*_001.{crm.format}"):
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf") == (crm.encoding == "utf-8-sig")
        assert (b"\r\n" in raw) == (crm.line_end == "\r\n") and raw.endswith(crm.line_end.encode())


FORBIDDEN = ["=1+1", "+86", "-", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", " =1"]


@pytest.mark.parametrize("cell", FORBIDDEN)
def test_a_cell_that_would_run_is_refused_and_listed_not_prefixed(cell: str, tmp_path: Path) -> None:
    customers = customers_of(4)
    customers.loc[1, "why"] = cell
    tasks = tasks_of(customers, 4)
    tasks["why"] = "上月没有来"
    tasks.loc[3, "next_step"] = cell
    render_crm(planned(tmp_path, customers, tasks), tmp_path, tmp_path, ["generic"])
    assert [r["customer_id"] for r in written(tmp_path, "generic", "customers")] == ["C000001", "C000003"]
    assert [r["task_id"][-1] for r in written(tmp_path, "generic", "tasks")] == ["0", "2"]
    listed = refused(tmp_path, "generic")
    assert [row[:3] for row in listed] == [
        ["customers", "C000002", "why"],
        ["customers", "C000004", "next_step"],
        ["tasks", "T000000000001", "task_id"],  # its customer was not written
        ["tasks", "T000000000003", "subject" if cell[0] in "\t\r" else "next_step"],
    ]
    assert not any(field.startswith(tuple("=+-@＝＋－＠")) for row in listed for field in row)
    assert "2 条" not in listed[0][3] and "公式" in listed[0][3]


@pytest.mark.parametrize(
    ("why", "word"),
    [
        ("电话 138****5678", "星号"),
        ("客户张*说好", "星号"),
        ("打 10012345678 找她", "电话"),
        ("写信 a@example.com", "邮箱"),
    ],
)
def test_masked_and_personal_values_in_words_are_refused(why: str, word: str, tmp_path: Path) -> None:
    customers = customers_of(2)
    tasks = tasks_of(customers, 2).assign(why="上月没有来")
    customers.loc[0, "why"] = why
    for target in TARGETS:
        render_crm(planned(tmp_path, customers, tasks), tmp_path, tmp_path, [target])
        told = refused(tmp_path, target)
        assert word in told[0][3] and "10012345678" not in str(told) and "a@example" not in str(told)


def test_two_records_of_one_id_are_one_record(tmp_path: Path) -> None:
    customers = customers_of(3)
    customers.loc[2, "customer_id"] = "C000001"
    tasks = tasks_of(customers_of(2), 4).assign(task_id=["A", "B", "A", "C"])
    render_crm(planned(tmp_path, customers, tasks), tmp_path, tmp_path, ["zoho"])
    assert [r["Customer_Code"] for r in written(tmp_path, "zoho", "customers")] == ["C000001", "C000002"]
    assert sorted(r["Followup_ID"] for r in written(tmp_path, "zoho", "tasks")) == ["A", "B", "C"]
    assert [row[1] for row in refused(tmp_path, "zoho")] == ["C000001", "A"]


def test_long_words_are_cut_with_a_mark_and_long_ids_are_refused(tmp_path: Path) -> None:
    customers = customers_of(2)
    customers.loc[0, "why"] = "字" * 5000
    customers.loc[1, "customer_id"] = "C" * 400
    render_crm(planned(tmp_path, customers, tasks_of(customers, 2)), tmp_path, tmp_path, TARGETS)
    for target, kind, field in (("generic", "customers", "why"), ("tryton", "labels", "message")):
        (only,) = written(tmp_path, target, kind)
        limit = next(f.length for f in crm_of(target).named(kind).fields if f.to == field)  # type: ignore[union-attr]
        assert len(only[field]) == limit and only[field].endswith("字…")
    assert {row[1][:3] for target in TARGETS for row in refused(tmp_path, target)} >= {"CCC"}


def test_a_second_run_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    customers = customers_of(250)
    render_crm(planned(tmp_path, customers, tasks_of(customers, 9)), tmp_path, tmp_path, ["generic"])
    few = customers_of(5)
    render_crm(planned(tmp_path, few, tasks_of(few, 5)), tmp_path, tmp_path, ["generic"])
    names = {path.name for path in (tmp_path / "crm").rglob("*")}
    assert names == {"generic", "README.txt", "customers_001.csv", "tasks_001.csv"}
    of_all, of_one = (path.stat().st_mode for path in (tmp_path / "crm", tmp_path / "crm" / "generic"))
    assert of_all == of_one, "who may read the report may read the files"


def test_an_unknown_target_names_the_known_ones_and_writes_nothing(tmp_path: Path) -> None:
    model = planned(tmp_path)
    with pytest.raises(InputProblems) as told:
        render_crm(model, tmp_path, tmp_path, ["generic", "tritun", "sap"])
    for lang in LANGS:
        text = told.value.text(lang)
        assert all(word in text for word in ("tritun", "sap", "generic", "tryton", "zoho", "fxiaoke"))
    assert not (tmp_path / "crm").exists()


@pytest.mark.parametrize("target", TARGETS)
def test_the_readme_says_how_in_both_languages_and_what_is_unsure(target: str, tmp_path: Path) -> None:
    render_crm(planned(tmp_path), tmp_path, tmp_path, [target])
    text = (tmp_path / "crm" / target / "README.txt").read_text(encoding="utf-8-sig")
    crm = crm_of(target)
    doubtful = [one.to for kind in crm.objects for one in kind.fields if one.unsure]
    for lang in LANGS:
        assert crm.how[lang].strip() in text and crm.source[lang] in text
        assert all(kind.unsure[lang] in text for kind in crm.objects if kind.unsure)
    assert all(text.count(f"· {name}") >= 2 for name in doubtful)
    assert bool(doubtful) == (target != "generic")


def test_a_plan_without_tasks_still_hands_over_the_labels(tmp_path: Path) -> None:
    customers = customers_of(3)
    made = render_crm(planned(tmp_path, customers, tasks_of(customers, 1)[:0]), tmp_path, tmp_path, TARGETS)
    assert [one.records["customers"] for one in made] == [3] * len(TARGETS)
    assert all(one.files["tasks"] == 0 for one in made)


def test_an_english_report_speaks_english(tmp_path: Path) -> None:
    customers = customers_of(2)
    model = planned(tmp_path, customers, tasks_of(customers, 2, "en", owner="unassigned"), lang="en")
    render_crm(model, tmp_path, tmp_path, ["generic"])
    task = written(tmp_path, "generic", "tasks")[0]
    assert (
        task["subject"].startswith("phone · Care call")
        and task["label"] == "Key value"
        and task["owner"] == ""
    )


WORDS = st.text(st.characters(codec="utf-8"), max_size=30)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=8))
def test_whatever_a_client_wrote_what_is_written_passes_the_rules(rows: list[tuple[str, str, str]]) -> None:
    with TemporaryDirectory() as room:
        folder = Path(room)
        customers = customers_of(len(rows))
        customers["customer_id"], customers["why"] = [r[0] for r in rows], [r[1] for r in rows]
        tasks = tasks_of(customers, len(rows), next_step=[r[2] for r in rows], owner=[r[1] for r in rows])
        made = render_crm(planned(folder, customers, tasks), folder, folder, TARGETS)
        for one in made:
            assert validate(one.folder, one.folder.name) == [] or not any(one.records.values())
            for kind in crm_of(one.folder.name).objects:
                out = sum(r.name == kind.name for r in one.refused)
                assert out + one.records[kind.name] == len(rows), "written or listed, each once"


# --- the mappings themselves -----------------------------------------------


def test_there_is_a_mapping_for_every_crm_the_design_names() -> None:
    assert {"fxiaoke", "generic", "tryton", "zoho"} <= set(TARGETS)


def test_client_yml_may_name_every_crm_and_no_other(tmp_path: Path) -> None:
    assert sorted(get_args(CrmTarget)) == TARGETS
    path = tmp_path / "client.yml"
    text = "client: {id: tiny}\ninput: {orders: [a.csv]}\ncrm: {targets: [%s]}\n"
    (tmp_path / "a.csv").write_text("客户编号,日期,金额\n1,2025-01-01,1\n", encoding="utf-8")
    path.write_text(text % "纷享销客, Zoho CRM, tryton, zoho", encoding="utf-8")
    assert load_config(path).crm.targets == ["fxiaoke", "zoho", "tryton"]
    path.write_text(text % "generic, tritun", encoding="utf-8")
    with pytest.raises(InputProblems) as told:
        load_config(path)
    (problem,) = told.value.problems
    assert problem.row == 3 and all(word in problem.text("zh") for word in ("tritun", *TARGETS))


@pytest.mark.parametrize("target", TARGETS)
def test_a_mapping_has_words_in_both_languages_and_all_limits(target: str) -> None:
    crm = crm_of(target)
    assert crm.id == target and crm.chunk <= 100
    texts = [crm.title, crm.how, crm.source, *(k.unsure for k in crm.objects)]
    texts += [one.unsure for kind in crm.objects for one in kind.fields]
    assert all(set(words) in (set(), set(LANGS)) and all(words.values()) for words in texts)
    for kind in crm.objects:
        assert kind.key_field.required and kind.key_field.type == "id"
        assert all(one.length for one in kind.fields if one.type in ("text", "id") and one.value is None)


@pytest.mark.parametrize("field", ["phone", "name", "email", "monetary"])
def test_a_mapping_cannot_draw_on_anything_personal(field: str) -> None:
    assert not any(field in known for known in SOURCES.values())
    raw = crm_of("generic").model_dump()
    raw["objects"][0]["fields"][1]["take"] = field
    with pytest.raises(ValidationError, match=field):
        Crm.model_validate(yaml.safe_load(yaml.safe_dump(json.loads(json.dumps(raw)))))
