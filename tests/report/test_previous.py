"""Last month's report is found, read and trusted only as it was made."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from segkit.locale import LANGS
from segkit.problems import InputProblems
from segkit.report.clean_tables import write_parquet
from segkit.report.previous import Previous, load_previous, of_the_same_campaign
from segkit.schemes.lifecycle import Lifecycle
from segkit.schemes.store import save_schemes


def report(
    root: Path,
    as_of: str = "2026-01-31",
    lang: str = "zh",
    *,
    client: str = "tiny",
    arms: dict[str, str] | None = None,
    campaign: str = "spring",
    folder: str = "",
    fingerprint: str | None = None,
    followup: dict | None = None,
) -> Path:
    """What `build` leaves of a report, as far as the next month reads it."""
    place = root / "reports" / client / (folder or as_of) / lang
    (place / "internal").mkdir(parents=True)
    ids = list(arms or {"K1": "", "K2": ""})
    customers = pd.DataFrame({"customer_id": ids, "lifecycle": "first", "monetary": 10.0, "name": ""})
    write_parquet(customers, place / "internal" / "customers.parquet")
    tasks = {
        "task_id": [f"T{i:012x}" for i in range(len(ids))],
        "due": pd.Timestamp(as_of) + pd.Timedelta(days=3),
        "customer_id": ids,
        "owner": "王",
        "channel": "phone",
        "segment": "first",
        "marketing": True,
    }
    write_parquet(pd.DataFrame(tasks), place / "internal" / "plan.parquet")
    if arms is not None:
        drawn = pd.DataFrame({"customer_id": ids, "segment": "first", "arm": list(arms.values())})
        write_parquet(drawn.assign(campaign=campaign), place / "internal" / "arms.parquet")
    save_schemes({"lifecycle": Lifecycle()}, place / "schemes.yml")
    outputs = [
        {"file": p.relative_to(place).as_posix(), "sha256": hashlib.sha256(p.read_bytes()).hexdigest()}
        for p in sorted(place.rglob("*"))
        if p.is_file()
    ]
    manifest = {
        "client": client,
        "as_of": as_of,
        "lang": lang,
        "parameters": {"followup": followup or {"start": None, "days": 20, "calendar": {}}},
        "key_fingerprint": fingerprint,
        "outputs": outputs,
    }
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return place


def refused(call, **choices) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        load_previous(call, **choices)
    for lang in LANGS:
        assert caught.value.text(lang)
    return [problem.id for problem in caught.value.problems]


def test_what_was_said_then_is_there_again(tmp_path):
    found = load_previous(report(tmp_path, arms={"K1": "treated", "K2": "holdout"}))
    assert (found.client, found.as_of, found.lang) == ("tiny", dt.date(2026, 1, 31), "zh")
    # 14 and 28 February are worked on to make up for the Spring Festival
    assert (found.start, found.end) == (dt.date(2026, 2, 2), dt.date(2026, 3, 5))
    assert found.arms[["customer_id", "arm"]].values.tolist() == [["K1", "treated"], ["K2", "holdout"]]
    assert found.campaigns == ("spring",) and found.schemes["lifecycle"] == Lifecycle()
    assert found.plan["due"].dtype.kind == "M" and list(found.customers["customer_id"]) == ["K1", "K2"]


def test_the_plan_began_when_client_yml_said(tmp_path):
    asked = {"start": "2026-02-09", "days": 2, "calendar": {"holidays": ["2026-02-10"], "workdays": []}}
    found = load_previous(report(tmp_path, followup=asked))
    assert (found.start, found.end) == (dt.date(2026, 2, 9), dt.date(2026, 2, 11))


def test_an_older_report_without_arms_will_do(tmp_path):
    found = load_previous(report(tmp_path))
    assert found.arms.empty and found.campaigns == () and of_the_same_campaign(found) == (found,)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("lang", LANGS)
def test_a_folder_above_it_will_do(tmp_path, level, lang):
    for one in LANGS:
        place = report(tmp_path, lang=one)
    above = [place.parent / lang, place.parent, place.parent.parent][level]
    assert load_previous(above, lang=lang).lang == lang


def test_of_several_months_the_last_before_this_one_is_taken(tmp_path):
    for day in ("2025-12-31", "2026-01-31", "2026-02-28"):
        place = report(tmp_path, day)
    report(tmp_path, "2026-01-31", folder="2026-01-31-2")
    above = place.parent.parent
    assert load_previous(above, as_of=dt.date(2026, 2, 28)).folder.parent.name == "2026-01-31-2"
    assert load_previous(above).as_of == dt.date(2026, 2, 28)
    other = report(tmp_path, "2026-01-15", "en")
    assert load_previous(other.parent, lang="zh").lang == "en"  # there is no other


def test_each_wrong_folder_has_its_own_message(tmp_path):
    place = report(tmp_path)
    assert refused(tmp_path / "nothing") == ["previous.none"]
    assert refused(place / "internal") == ["previous.none"]
    assert refused(place, client="other") == ["previous.other_client"]
    assert refused(place, as_of=dt.date(2026, 1, 31)) == ["previous.not_earlier"]
    assert load_previous(place, client="tiny", as_of=dt.date(2026, 2, 1)).client == "tiny"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"as_of": "x", "client": "tiny"}', '{"as_of": "2026-01-31"}']
)
def test_a_manifest_that_cannot_be_read(tmp_path, text):
    place = report(tmp_path)
    (place / "manifest.json").write_text(text, encoding="utf-8")
    assert refused(place) == ["previous.unreadable"]


def test_files_that_were_changed_or_lost_are_named(tmp_path):
    place = report(tmp_path, arms={"K1": "treated", "K2": "holdout"})
    plan = pd.read_parquet(place / "internal" / "plan.parquet")
    write_parquet(plan.head(1), place / "internal" / "plan.parquet")
    (place / "schemes.yml").write_text("{}", encoding="utf-8")
    with pytest.raises(InputProblems, match=r"internal/plan\.parquet, schemes\.yml"):
        load_previous(place)
    (place / "internal" / "arms.parquet").unlink()
    assert refused(place) == ["previous.missing"]


def test_surrogates_of_another_key_match_nobody(tmp_path):
    place = report(tmp_path, fingerprint="aaaa1111")
    assert refused(place, key_fingerprint="bbbb2222", as_of=dt.date(2026, 1, 1)) == [
        "previous.not_earlier",
        "previous.other_key",
    ]
    assert load_previous(place, key_fingerprint="aaaa1111").key_fingerprint == "aaaa1111"
    assert load_previous(place, key_fingerprint=None).key_fingerprint == "aaaa1111"


def test_an_arm_once_drawn_stays_over_the_campaign(tmp_path):
    """K2 had nothing due in February and would be drawn anew in March."""
    report(tmp_path, "2025-11-30", arms={"K1": "holdout"}, campaign="autumn")
    report(tmp_path, "2025-12-31", arms={"K1": "treated", "K2": "holdout"})
    last = report(tmp_path, "2026-01-31", arms={"K1": "treated", "K3": "holdout"})
    found = load_previous(last)
    assert dict(found.arms[["customer_id", "arm"]].values) == {
        "K1": "treated",
        "K2": "holdout",
        "K3": "holdout",
    }
    series = of_the_same_campaign(found)
    assert [one.as_of.isoformat() for one in series] == ["2025-12-31", "2026-01-31"]
    assert isinstance(series[0], Previous) and len(series[0].arms) == 2


def test_a_month_that_was_changed_ends_the_series(tmp_path):
    first = report(tmp_path, "2025-12-31", arms={"K1": "treated", "K2": "holdout"})
    last = report(tmp_path, "2026-01-31", arms={"K1": "treated"})
    (first / "internal" / "arms.parquet").unlink()
    found = load_previous(last)
    assert len(of_the_same_campaign(found)) == 1 and list(found.arms["customer_id"]) == ["K1"]
