"""The benchmarks' own logic: turns, ratios, bars and the page; and that the code by hand does the same work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def benchmarks_are_found() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        yield


def entry(name: str, *walls: float) -> Any:
    race = import_module("race")
    return race.Entry(name, [race.Took(wall) for wall in walls])


# --- taking turns ---------------------------------------------------------------------------------


def test_sides_take_turns_and_the_warm_up_does_not_count() -> None:
    race = import_module("race")
    log: list[str] = []

    def side(name: str, walls: list[float]) -> Any:
        return lambda: (log.append(name), race.Took(walls.pop(0)))[1]

    sides = {"a": side("a", [9.0, 1.0, 3.0, 2.0]), "b": side("b", [9.0, 4.0, 5.0, 6.0])}
    a, b = race.take_turns(sides, 3)
    assert log == ["b", "a", "a", "b", "b", "a", "a", "b"]
    assert (a.wall, a.fastest, a.slowest, b.wall) == (2.0, 1.0, 3.0, 5.0)


def test_a_ratio_is_the_median_of_neighbours() -> None:
    race = import_module("race")
    # the machine is ten times slower in the second round: medians of each side alone would say 2 and 3
    assert race.ratio(entry("a", 1, 20, 2), entry("b", 2, 40, 3)) == 0.5


def test_the_slope_of_a_power_law_is_its_exponent() -> None:
    race = import_module("race")
    assert race.slope([(10.0**e, 3 * 10 ** (1.2 * e)) for e in range(5, 9)]) == pytest.approx(1.2)


def test_results_that_differ_are_named() -> None:
    race, setting = import_module("race"), import_module("parts.setting")
    mine = {"cents": 100, "labels": "x", "aov": 1.0, "ours": 1}
    assert race.differing(mine, {"cents": 100, "labels": "x", "aov": 1 + 1e-12, "theirs": 2}) == []
    assert race.differing(mine, {"cents": 101, "labels": "y", "aov": 1.1}) == ["aov", "cents", "labels"]
    a, b = (
        race.Entry(name, [race.Took(1.0, facts=facts)])
        for name, facts in (("a", mine), ("b", {"cents": 100}))
    )
    setting.agreement([a, b])
    a.took.append(race.Took(1.0, facts=mine))
    b.took.append(race.Took(1.0, facts={"cents": 99}))
    with pytest.raises(race.SideFailed, match=r"cents \(round 2\)"):
        setting.agreement([a, b])
    setting.agreement([a, b], tolerance=0.02)
    with pytest.raises(race.SideFailed, match="labels"):
        setting.agreement([a, b], at_least=("cents", "labels"))


# --- the page -------------------------------------------------------------------------------------


def test_a_bar_is_met_missed_or_not_measured() -> None:
    page = import_module("page")
    assert page.Bar("a", 1.2, 1.2, "x").row() == ("a", "1.20x", "1.20x", "met")
    assert page.Bar("a", 1.2, 1.21, "x").row()[-1] == "**missed**"
    assert page.Bar("a", 1.2, None, "x", "no wheel").row() == ("a", "", "1.20x", "not measured: no wheel")


def test_few_rounds_or_a_busy_machine_are_indicative_only() -> None:
    page = import_module("page")
    bar = page.Bar("a", 1.2, 1.21, "x")
    assert [bar.row(load)[-1] for load in (None, 1.0, 1.01)] == ["**missed**", "**missed**", "indicative"]
    assert page.Bar("a", 1.2, 1.0, "x", rounds=2).row()[-1] == "indicative"
    assert page.Bar("a", 1.2, None, "x", "no wheel", 0).row(9.0)[-1] == "not measured: no wheel"
    assert page.Bar("memory", 1.2, 1.0, rounds=None).row(9.0)[-1] == "met"
    section = page.Section("Part", bars=[bar])
    calm, busy = (page.markdown([], [section], load) for load in (0.5, 4.0))
    assert "*Indicative*" in busy and "*Indicative*" not in calm and "**missed**" in calm


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (123.4, "123 s"),
        (12.34, "12.3 s"),
        (1.0, "1.00 s"),
        (0.0416, "41.6 ms"),
        (2e-5, "20.0 µs"),
        (None, ""),
    ],
)
def test_times_are_shown_with_three_figures(value: float | None, shown: str) -> None:
    assert import_module("page").seconds(value) == shown


def test_the_page_holds_bars_first_then_every_table() -> None:
    page = import_module("page")
    table = page.table_of("Work", [entry("segkit", 1, 2, 3), entry("by hand", 2, 2, 2)])
    section = page.Section("Part", ["Why."], [table], [page.Bar("segkit against hand", 0.5, 1.0, "x")])
    text = page.markdown(["# Benchmarks"], [section])
    assert (
        text.index("**missed**")
        < text.index("## Part")
        < text.index("Why.")
        < text.index("**Work (3 rounds)**")
    )
    assert "| segkit | 2.00 s | 1.00 s to 3.00 s |  |  |" in text
    assert "| by hand | 2.00 s | 2.00 s to 2.00 s |  | 1.00x |" in text
    lines = page.on_screen(table).splitlines()
    assert lines[0] == "Work (3 rounds)" and lines[2].split() == [
        "segkit",
        "2.00",
        "s",
        "1.00",
        "s",
        "to",
        "3.00",
        "s",
    ]


# --- the same work --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Orders with refunds, some in full, orders of several lines, late rows and rows without what counts."""
    rng = np.random.default_rng(5)
    n, weights = 4000, 1 / (np.arange(600) + 20)
    frame = pd.DataFrame(
        {
            "order_id": [f"D{i}" for i in rng.integers(0, 3500, n)],
            "customer_id": [f"C{i:03d}" for i in rng.choice(600, n, p=weights / weights.sum())],
            "order_date": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 740 * 24, n), unit="h"),
            "amount": np.round(rng.gamma(2, 80, n), 2),
        }
    )
    alone = ~frame["customer_id"].duplicated(keep=False)
    refunded = pd.concat([frame[alone].head(9), frame.sample(60, random_state=1)])
    refunded = refunded.assign(amount=-refunded["amount"])
    frame = pd.concat([frame, refunded], ignore_index=True)
    frame.loc[frame.sample(30, random_state=2).index, "amount"] = np.nan
    frame.loc[frame.sample(30, random_state=3).index, "customer_id"] = None
    path = tmp_path_factory.mktemp("orders") / "orders.parquet"
    frame.to_parquet(path)
    return str(path)


@pytest.mark.parametrize(
    "engine", ["pandas", "polars", "duckdb", pytest.param("spark", marks=pytest.mark.slow)]
)
def test_the_code_by_hand_gives_the_same_columns_cuts_and_labels(
    engine: str, orders: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    race = import_module("race")
    session = request.getfixturevalue("spark") if engine == "spark" else None
    side = import_module(f"sides.in_{engine}")
    how: dict[str, Any] = {"path": orders, "as_of": "2025-12-31"}
    if engine == "duckdb":
        how |= {"folder": str(tmp_path), "memory": "1GB"}
    elif engine == "spark":
        how |= {"folder": str(tmp_path)}
        monkeypatch.setitem(side.SESSION, "spark", session)
    else:
        side.open_orders(orders)
    mine, hand = (
        side.facts(getattr(side, f"{who}_rfm")(**how))
        for who in ("segkit", "sql" if engine in ("duckdb", "spark") else "plain")
    )
    assert {"columns", "cuts", "labels", "customers", "cents"} <= mine.keys() & hand.keys()
    assert race.differing(mine, hand) == []
    refunded = mine["customers"] - mine.get("segments", {}).get("prospect", 0)
    assert 100 < refunded < mine["customers"] if "segments" in mine else mine["customers"] > 100


def test_lifetimes_without_errors_finds_the_same_and_computes_none(tmp_path: Path) -> None:
    pytest.importorskip("lifetimes")
    side, own = import_module("sides.in_lifetimes"), import_module("sides.in_value")
    path = str(tmp_path / "summary.csv")
    own.write_summary(side.cdnow()["sample"], path)
    side.open_summary(path)
    own.open_summary(path)
    full, bare, mine = side.fit(path), side.fit_without_errors(path), own.facts(own.fit(path))
    assert side.facts(full) == side.facts(bare)
    assert np.allclose(bare._hessian_, np.eye(4)) and not np.allclose(full._hessian_, np.eye(4))
    value, race = import_module("parts.value"), import_module("race")
    assert race.differing(mine, side.facts(full), tolerance=value.TOLERANCE) == []


# --- sides in processes of their own --------------------------------------------------------------


def test_a_side_answers_with_times_and_facts_and_says_why_it_failed(orders: str) -> None:
    race = import_module("race")
    worker = race.Worker("in_pandas")
    try:
        assert worker.ask("open_orders", path=orders).facts is None
        took = worker.ask("segkit_rfm", path=orders, as_of="2025-12-31")
        assert took.wall > 0 and took.facts["customers"] > 100
        assert took.peak_mb is None or took.peak_mb > 50
        with pytest.raises(race.SideFailed, match="in_pandas: KeyError"):
            worker.ask("segkit_rfm", path="elsewhere", as_of="2025-12-31")
    finally:
        worker.close()


@pytest.mark.slow
def test_a_peer_that_cannot_be_installed_is_skipped_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments, frames = import_module("environments"), import_module("parts.frames")
    setting = import_module("parts.setting").Setting(tmp_path, quick=True)
    monkeypatch.setitem(environments.PEERS, "openretailscience", "0.0.0")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(frames, "QUICK", ((20_000, 1),))
    for name in ("lifetimes", "pymc-marketing"):
        setting.peers[name] = environments.Peer(name, None, "not wanted here")
    section = frames.run(setting)
    bars = {bar.what.removeprefix("20,000 orders: segkit against "): bar for bar in section.bars}
    assert bars["pandas by hand"].measured and bars["Polars by hand"].measured
    assert bars["openretailscience"].met is None
    assert "openretailscience 0.0.0 is not installable here" in bars["openretailscience"].row()[-1]
    skipped = [line for line in section.text if line.startswith("Skipped: ")]
    assert {line.split(".")[0].removeprefix("Skipped: ") for line in skipped} == {
        "openretailscience",
        "lifetimes",
        "pymc-marketing",
    }
