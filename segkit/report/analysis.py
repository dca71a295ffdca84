"""From clean tables to a study: customers, segments, plan, and an empty report waiting for its sections."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

import segkit
from segkit.charts.theme import warm_up
from segkit.config import Config, load_config
from segkit.followup.batching import BATCH, by_hand
from segkit.followup.relief import clock_times
from segkit.locale import Lang, has_term, say, term
from segkit.playbooks import Segmentation
from segkit.playbooks.model import CUSTOMERS
from segkit.privacy.known import looks_like_firm
from segkit.problems import InputProblems, Problem
from segkit.report.classify_step import classified, remarks
from segkit.report.clean_tables import NOTES, PROBLEMS, load_intake, tell, write_parquet
from segkit.report.history import History, history_of
from segkit.report.intake_step import take_in
from segkit.report.model import Meta, Provenance, ReportModel
from segkit.report.not_planned import unplanned
from segkit.report.plan_step import planned
from segkit.report.previous import Previous, load_previous
from segkit.report.reasons import in_short
from segkit.report.render.lists import WHY
from segkit.report.sizes import FEWEST_GROUPED, in_order
from segkit.report.study import Study
from segkit.schemes.store import save_schemes

PREVIOUS = "previous_report"  # a file that names the folder of last month's report
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


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """What is wrong with the input is handed to the process that speaks to the user."""
    try:
        yield
    except InputProblems as found:
        tell(found.problems, folder / PROBLEMS)
        raise


def study(config: Config, folder: Path, lang: Lang) -> Study:
    """Customers, segments and plan from the clean tables in `folder`."""
    orders, people, ledger, facts = load_intake(folder)
    as_of = dt.date.fromisoformat(facts["as_of"]["date"])
    with _telling(folder):
        before = _before(config, folder, lang, as_of, facts)
        made = classified(config, folder, orders, people, as_of, before=before.schemes if before else {})
        segmentation = made.segmentation
        if len(segmentation.customers) < FEWEST_GROUPED:
            labelled = in_order(segmentation, lang)
        else:
            why = segmentation.reasons(segmentation.main, segmentation.customers, lang)
            labelled = segmentation.customers.assign(why=why)
        step = planned(
            config,
            labelled,
            made.fitting.policy,
            made.tables,
            main=segmentation.main,
            as_of=as_of,
            rules=made.fitting.leads,
            previous=before,
        )
    history = _history(orders, facts, as_of)
    facts["sample_team"] = not config.followup.team
    facts["notes"] += [asdict(note) for note in (*made.notes, *step.notes)]
    tell([*made.notes, *step.notes, *remarks(made, config, lang)], folder / NOTES)
    model = ReportModel(
        meta=Meta(
            title=say("report.title", lang),
            client_id=config.client.id,
            client_name=config.client.name,
            lang=lang,
            as_of=as_of,
            first_date=None if history is None else history.first,
            last_date=None if history is None else history.last,
            purpose=config.purpose,
            main=segmentation.main,
            version=segkit.__version__,
            data_sha256=facts["data_sha256"],
        ),
        provenance=Provenance(
            inputs=facts["sources"],
            totals=_totals(facts),
            parameters=_parameters(config, segmentation),
            versions={name: version(name) for name in PACKAGES},
        ),
    )
    return Study(
        lang,
        folder,
        as_of,
        labelled,
        orders,
        made.without_values(ledger, facts),
        facts,
        segmentation,
        step.policy,
        step.plan,
        model,
        history=history,
        playbook=made.fitting,
        tables=made.tables,
        asked=tuple(config.sections),
        previous=before,
        asked_of=step.asked_of,
        arms=step.arms,
    )


def _before(
    config: Config, folder: Path, lang: Lang, as_of: dt.date, facts: dict[str, Any]
) -> Previous | None:
    """Last month's report, where the calling process was given one."""
    where = folder / PREVIOUS
    if not where.is_file():
        return None
    return load_previous(
        Path(where.read_text(encoding="utf-8")),
        client=config.client.id,
        lang=lang,
        as_of=as_of,
        key_fingerprint=facts.get("key_fingerprint"),
    )


def _history(orders: pd.DataFrame | None, facts: dict[str, Any], as_of: dt.date) -> History | None:
    if orders is not None:
        return history_of(orders, as_of)
    told = facts.get("history")
    return History.from_facts(told) if told else None


def _totals(facts: dict[str, Any]) -> dict[str, Any]:
    """Rows in and out, and the money where there is any."""
    return {k: v for k, v in facts["totals"].items() if facts["has_money"] or not k.startswith("money_")}


def _parameters(config: Config, segmentation: Segmentation) -> dict[str, Any]:
    """What a reader would need to get the same report again."""
    return {
        "playbook": config.playbook,
        "schemes": {name: scheme.model_dump(mode="json") for name, scheme in segmentation.schemes.items()},
        "followup": config.followup.model_dump(mode="json"),
        "mapping": config.mapping,
    }


def _unread(study: Study) -> list[str]:
    """The client's own columns that no scheme and no attribute looks at."""
    read = {column for scheme in study.segmentation.schemes.values() for column in scheme.needs()}
    if study.playbook is not None:
        read |= {*study.playbook.columns_read(CUSTOMERS), *study.playbook.attributes}
    return [column for column in study.intake.get("own_columns", []) if column not in read]


def _untold(study: Study) -> list[str]:
    """What schemes added to the customers without finding a class for anybody."""
    untold = {n: s for n, s in study.segmentation.schemes.items() if n not in study.shown_schemes}
    return [column for name, scheme in untold.items() for column in (name, *scheme.adds(), f"{WHY}{name}")]


def _begins(tasks: pd.DataFrame, study: Study) -> pd.Series:
    """Clock times: calls and visits first, then the messages, each batch in one go."""
    hand = by_hand(tasks)
    messages = tasks[~hand].sort_values([*BATCH], kind="stable")
    return clock_times(pd.concat([tasks[hand], messages]), study.policy).reindex(tasks.index)


def _plan_sheet(study: Study, customers: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    """The tasks in the words of the report; a client without owners has them under 待分配."""
    lang, tasks = study.lang, study.plan.tasks
    content = [f"content.{c}" for c in tasks["content"]]
    # as text even where there is no task
    because = (
        tasks["why"].map({why: say(f"plan.why.{why}", lang) for why in tasks["why"].unique()}).astype("str")
    )
    known = tasks["customer_id"].map(reasons)
    stage = tasks["segment"].map(lambda label: study.label_name(str(label)))
    sheet = tasks.assign(
        starts=_begins(tasks, study),
        value=tasks["value"] if study.has_money else float("nan"),
        why=because + say("plan.why.joint", lang) + known.fillna(stage).astype("str"),
        owner=tasks["owner"].where(tasks["owner"] != "", say("report.unassigned", lang)),
        next_step=[term(c, lang) if has_term(c) else c for c in content],
        content=[c.removeprefix("content.") for c in content],
    )
    if "name" in customers.columns:
        names = customers.set_index(customers["customer_id"].astype(str))["name"]
        sheet["name"] = sheet["customer_id"].map(names)
    return sheet.drop(columns="segment") if study.ranked else sheet


def _unplanned_sheet(study: Study, customers: pd.DataFrame) -> pd.DataFrame:
    """What was due and is not planned, in the words of the report."""
    names = None
    if "name" in customers.columns:
        names = customers.set_index(customers["customer_id"].astype(str))["name"]
    sheet = unplanned(study.plan, study.lang, names=names)
    return sheet.drop(columns="segment") if study.ranked else sheet


def finish(study: Study) -> ReportModel:
    """Write what the renderers read: model.json; as Parquet the customers, the plan, what it left out, the ledger."""
    internal = study.folder / "internal"
    internal.mkdir(exist_ok=True)
    lang = study.lang
    customers = study.customers
    # a salesperson has phones and addresses in the client's own system; firms' names are not personal; of columns
    # under the client's own headings only those are shown that a rule reads, for others may hold anything
    hidden = [c for c in ("phone", "email", "note", *_unread(study)) if c in customers.columns]
    if "name" in customers.columns:
        customers = customers.assign(
            name=customers["name"].where(customers["name"].fillna("").map(looks_like_firm), "")
        )
    customers = customers.drop(columns=hidden)
    segmentation = study.segmentation
    if study.ranked:  # too few for groups: nobody is shown in one
        why = customers["why"]
        customers = customers.drop(columns=[*segmentation.schemes], errors="ignore")
    else:
        called = customers[segmentation.main].map(lambda label: study.label_name(str(label)))
        why = in_short(customers["why"], called, lang)
        customers = study.with_reasons(customers).drop(columns=_untold(study), errors="ignore")
    plan_sheet = _plan_sheet(study, customers, why.set_axis(customers["customer_id"].astype(str)))
    ledger = study.ledger if study.has_money else study.ledger.assign(amount=float("nan"))
    tables = {
        "customers": customers,
        "plan": plan_sheet,
        "unplanned": _unplanned_sheet(study, customers),
        "ledger": ledger,
    }
    write_parquet(study.arms, internal / "arms.parquet")
    save_schemes(segmentation.schemes, study.folder / "schemes.yml")
    for name, frame in tables.items():
        write_parquet(frame, internal / f"{name}.parquet")
        study.model.tables[name] = f"internal/{name}.parquet"
    if not study.ranked:
        order = segmentation.main_scheme.order()
        here = {*plan_sheet["segment"], *tables["unplanned"]["segment"]}
        study.mark_segments([*order, *sorted(here - {*order})])
    study.name_columns(customers)
    study.model.save(study.folder / "model.json")
    return study.model
