"""From clean tables to a study: customers, segments, plan, and an empty report waiting for its sections."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

import segkit
from segkit.charts.theme import warm_up
from segkit.config import Config, load_config
from segkit.customers import customer_table
from segkit.followup.planner import Member, plan
from segkit.locale import Lang, has_term, say, term
from segkit.playbooks import Segmentation, apply, load_playbook
from segkit.privacy.known import looks_like_firm
from segkit.problems import InputProblems, Problem
from segkit.report.intake_step import load_intake, take_in, write_parquet
from segkit.report.model import Meta, Provenance, ReportModel
from segkit.report.study import Study
from segkit.schemes.store import save_schemes
from segkit.workdays import next_working_monday

READY, STOPPED = "ready", "stopped"  # marker files: the run folder is complete, or will never be
PACKAGES = ("segkit", "pandas", "numpy", "narwhals", "matplotlib", "papermill")


class RunStopped(RuntimeError):
    """The calling process gave up before the tables were there."""


def open_study(
    *, config: str | None = None, data: str | None = None, lang: str | None = None, run: str | None = None
) -> Study:
    """The study of one client, ready for the section functions.

    Parameters
    ----------
    config : client.yml; or `data`, a file to report as it is
    run : folder where the calling process puts the clean tables (waits for them); without it the intake
        step is done here
    """
    if run is not None:
        folder = Path(run)
        warm_up()  # the slow imports and the font, while the tables are still being made
        _wait(folder)
        settings = Config.model_validate_json((folder / "config.json").read_text(encoding="utf-8"))
        settings = settings.at(Path((folder / "config_folder").read_text(encoding="utf-8")))
    else:
        if config is None and data is None:
            raise InputProblems([Problem("report.nothing_to_report", {})])
        settings = (
            load_config(Path(config)) if config else Config.for_file(Path(str(data)), folder=Path.cwd())
        )
        folder = Path(tempfile.mkdtemp(prefix="segkit-"))
        take_in(settings).save(folder)
    return study(settings, folder, settings.lang if lang is None else lang)  # type: ignore[arg-type]


def _wait(folder: Path, *, seconds: float = 3600.0) -> None:
    """Wait until the calling process has written the tables."""
    until = time.monotonic() + seconds
    while not (folder / READY).exists():
        if (folder / STOPPED).exists() or time.monotonic() > until or not folder.exists():
            raise RunStopped
        time.sleep(0.02)


def study(config: Config, folder: Path, lang: Lang) -> Study:
    """Customers, segments and plan from the clean tables in `folder`."""
    orders, people, ledger, facts = load_intake(folder)
    as_of = dt.date.fromisoformat(facts["as_of"]["date"])
    customers = _customers(orders, people, as_of)
    playbook = load_playbook(config.playbook, folder=config.folder)
    segmentation = apply(playbook, customers, overrides=config.schemes)
    scheme = segmentation.main_scheme
    labelled = segmentation.customers.assign(why=scheme.explain_all(segmentation.customers, lang))
    team = [Member(id=m.id, minutes=m.minutes) for m in config.followup.team or []]
    facts["sample_team"] = not team
    facts["notes"] += [asdict(note) for note in _not_used(segmentation, playbook.main)]
    made = plan(
        labelled,
        playbook.policy,
        label=segmentation.main,
        start=config.followup.start or next_working_monday(as_of),
        days=config.followup.days,
        team=team or None,
        consent=config.followup.consent,
        holidays=config.followup.calendar.holidays,
        workdays=config.followup.calendar.workdays,
    )
    model = ReportModel(
        meta=Meta(
            title=say("report.title", lang),
            client_id=config.client.id,
            client_name=config.client.name,
            lang=lang,
            as_of=as_of,
            first_date=None if orders is None else orders["order_date"].min().date(),
            last_date=None if orders is None else orders["order_date"].max().date(),
            purpose=config.purpose,
            main=segmentation.main,
            version=segkit.__version__,
            data_sha256=facts["data_sha256"],
        ),
        provenance=Provenance(
            inputs=facts["sources"],
            totals=facts["totals"],
            parameters=_parameters(config, segmentation),
            versions={name: version(name) for name in PACKAGES},
        ),
    )
    return Study(
        lang, folder, as_of, labelled, orders, ledger, facts, segmentation, playbook.policy, made, model
    )


def _customers(orders: pd.DataFrame | None, people: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """One row per customer with what is known about them."""
    about = [c for c in people.columns if c not in ("last_order", "frequency", "monetary")]
    if orders is None:
        return _totalled(people, as_of)
    table = customer_table(orders, as_of=as_of, customers=people[["customer_id"]])
    return table.merge(people[about], on="customer_id", how="left", validate="one_to_one")


def _totalled(people: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The customer table where the client delivered totals: what they do not say stays missing.

    Without a count of orders the frequency of somebody who spent money is unknown, not zero.
    """
    table = people.reset_index(drop=True).copy()
    money = table["monetary"].astype("float64").round(2)
    if "frequency" in table.columns:
        frequency = table["frequency"].round().astype("Int64")
    else:
        frequency = pd.Series(0, index=table.index, dtype="Int64").mask(money.fillna(0) != 0)
    last = table["last_order"] if "last_order" in table.columns else pd.Series(pd.NaT, index=table.index)
    bought = frequency.fillna(1) > 0
    table["first_order"] = pd.Series(pd.NaT, index=table.index, dtype="datetime64[ns]")
    table["last_order"] = last.where(bought)
    table["recency_days"] = (pd.Timestamp(as_of) - table["last_order"]).dt.days.astype("Int64")
    table["frequency"] = table["orders"] = frequency
    table["monetary"] = money.where(bought, money.fillna(0.0))
    table["aov"] = (money / frequency.where(frequency > 0).astype("float64")).astype("float64")
    table["tenure_days"] = pd.Series(pd.NA, index=table.index, dtype="Int64")
    first = ["customer_id", "first_order", "last_order", "recency_days", "frequency", "orders", "monetary"]
    order = [*first, "aov", "tenure_days"]
    return table[[*order, *[c for c in table.columns if c not in order]]]


def _not_used(segmentation: Segmentation, wanted: str) -> list[Problem]:
    """Schemes these data have no columns for, and a main scheme that could label nobody."""
    notes = [
        Problem("report.scheme_skipped", {"scheme": name, "columns": columns})
        for name, columns in segmentation.skipped.items()
    ]
    if segmentation.main != wanted:
        notes.append(
            Problem("report.main_changed", {"wanted": wanted.upper(), "main": segmentation.main.upper()})
        )
    return notes


def _parameters(config: Config, segmentation: Segmentation) -> dict[str, Any]:
    """What a reader would need to get the same report again."""
    return {
        "playbook": config.playbook,
        "schemes": {name: scheme.model_dump(mode="json") for name, scheme in segmentation.schemes.items()},
        "followup": config.followup.model_dump(mode="json"),
        "mapping": config.mapping,
    }


def finish(study: Study) -> ReportModel:
    """Write what the renderers read: model.json, and the customers, plan and ledger as Parquet."""
    internal = study.folder / "internal"
    internal.mkdir(exist_ok=True)
    lang = study.lang
    customers = study.customers
    # a salesperson has phones and addresses in the client's own system; firms' names are not personal
    hidden = [c for c in ("phone", "email", "note") if c in customers.columns]
    if "name" in customers.columns:
        customers = customers.assign(
            name=customers["name"].where(customers["name"].fillna("").map(looks_like_firm), "")
        )
    customers = customers.drop(columns=hidden)
    why = customers.set_index(customers["customer_id"].astype(str))["why"]
    tasks = study.plan.tasks
    content = [f"content.{c}" for c in tasks["content"]]
    plan_sheet = tasks.assign(
        why=tasks["customer_id"].map(why),
        owner=tasks["owner"].where(tasks["owner"] != "", say("report.unassigned", lang)),
        next_step=[term(c, lang) if has_term(c) else c for c in content],
        content=[c.removeprefix("content.") for c in content],
    )
    if "name" in customers.columns:
        names = customers.set_index(customers["customer_id"].astype(str))["name"]
        plan_sheet["name"] = plan_sheet["customer_id"].map(names)
    tables = {"customers": customers, "plan": plan_sheet, "ledger": study.ledger}
    save_schemes(study.segmentation.schemes, study.folder / "schemes.yml")
    for name, frame in tables.items():
        write_parquet(frame, internal / f"{name}.parquet")
        study.model.tables[name] = f"internal/{name}.parquet"
    study.mark_segments([*study.segmentation.main_scheme.order()])
    study.model.save(study.folder / "model.json")
    return study.model
