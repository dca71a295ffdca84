"""Follow-up of chronic patients (患者随访): patients, visits, the due list, and who was lost.

Every record is invented. Administrative intervals, no treatment advice; personal data of the sensitive class,
therefore without names, phones and addresses.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.cases.health.process import (
    AGAIN,
    BOTH,
    COMPLEX,
    CRITICAL,
    DANGER,
    DANGER_HIGH,
    DANGER_LOW,
    DANGER_SUGAR,
    DANGERS,
    FIRST,
    LOST,
    NORMAL,
    NOW,
    OPEN,
    PATIENTS,
    QUARTER,
    REVIEW_FROM,
    STABLE,
    SUGAR,
    SURGERY,
    WRONG,
    ZERO,
    enrolled,
    hypertensive,
    over_limit,
    visits,
)
from segkit.synth.cases.health.truth import facts, in_control, patient_truth
from segkit.synth.dictionary import columns
from segkit.synth.dirt import Planter, at_scale, full_width
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Names, numbered
from segkit.synth.tables import case_files, written

CASE = "health"
# sample parameters
LOSS = {  # chance of being lost, by severity and by pressure at the start (140/90): the sickest most
    (STABLE, 0): 0.03,
    (STABLE, 1): 0.18,
    (COMPLEX, 0): 0.22,
    (COMPLEX, 1): 0.66,
    (CRITICAL, 0): 0.55,
    (CRITICAL, 1): 0.86,
}
OVERDUE, HIDDEN, UNREACHABLE = 90, 10, 35  # hidden: staff wrote a later day, the list does not show them
GIVEN_UP, LOST_AFTER = 5, 20  # working days after the due date: attempts over, closed
# due between these days: attempts are over, not yet closed
GIVEN_UP_DUE = OPEN.after(np.array(NOW), np.array([-LOST_AFTER, -GIVEN_UP]))
LAPSED = 35  # of the overdue at least, whose last visit was in order
CLOSED_WITHIN = (1, 5)  # working days after these twenty on which the loss is entered
MODE_SHARE = (0.45, 0.35, 0.12, 0.08)
CONSENT = 0.94
DOCTORS = 16
COPIES, WIDE, NO_DOCTOR = 26, 14, 18  # planted rows and cells
REACH = 60  # a copied row stands up to so many rows below its original
PURPOSE = {NORMAL: 0, FIRST: 1, AGAIN: 2, DANGER: 2}
UNTOUCHED, AGREED, NO_ANSWER, GONE = range(4)


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: three tables, the truth, two datasheets."""
    draws = Draws(seed, CASE)
    patients = enrolled(draws, round(PATIENTS * scale))
    every = _every_visit(draws, patients, scale)
    _lose(draws, patients, every)
    seen = _recorded(draws, patients, every, scale)
    patients["doctor"] = draws.integers(0, DOCTORS - 1, len(patients))
    patients["consent"] = draws.exactly(CONSENT, len(patients))
    rows = _with_losses(draws, patients, every, seen)
    orders = _orders(draws, rows, scale)
    filed = Planter(written(CASE, "followups", _visit_table(names, rows, patients)), draws, REACH)
    _mark_visits(filed, rows)
    _spoil_visits(filed, rows, scale)
    listed = Planter(written(CASE, "followup_orders", _order_table(names, orders)), draws)
    _mark_orders(listed, orders)
    tables = {
        "patients": written(CASE, "patients", _patient_table(names, patients, every)),
        "followups": filed,
        "followup_orders": listed,
    }
    truth = {"patients": patient_truth(patients, every, orders)}
    return case_files(CASE, tables, truth, {"seed": seed} | facts(patients, every, rows, orders))


def _every_visit(draws: Draws, patients: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Visits as if nobody were lost; `chosen` patients carry a planted danger or a wrong due date."""
    n = len(patients)
    dangers, kinds = np.full(n, "", dtype="<U4"), DANGERS[:: max(1, round(1 / scale))]
    free = draws.order(n)
    sugar = patients["disease"].isin([SUGAR, BOTH]).to_numpy()
    for kind in kinds:
        who = next(k for k in free if dangers[k] == "" and (sugar[k] or kind in ("sbp", "dbp")))
        dangers[who] = kind
    wrong = np.zeros(n, dtype=bool)
    wrong[free[dangers[free] == ""][: at_scale(WRONG, scale)]] = True
    patients["chosen"] = (dangers != "") | wrong
    return visits(draws, patients, dangers, wrong)


def _lose(draws: Draws, patients: pd.DataFrame, every: pd.DataFrame) -> None:
    """Who is lost, when, and when it was said so; by what is known of everybody at the start, by nothing later.

    Within a class of loss, with hypertension and without, the lost and the seen are equally well controlled
    at the review, to within one.
    """
    base, review = (every[mask].set_index("patient") for mask in (every["number"] == 0, every["review"]))
    cell = patients["severity"] * 2 + over_limit(base)
    patients["stratum"] = cell
    chance = np.array([LOSS[k // 2, k % 2] for k in range(6)])[cell]
    patients["loss_chance"] = chance
    controlled = in_control(review, patients)
    group, free = (cell * 2 + hypertensive(patients)) * 2 + controlled, ~patients["chosen"]
    chance = np.where(
        free, chance / free.groupby(group).transform("mean"), 0.0
    )  # the others make up for them
    patients["lost"] = draws.steady(np.round(chance, 9).clip(0, 1), by=group)
    patients["controlled"] = controlled
    first, last = patients["enrolled"].to_numpy() + 45, (REVIEW_FROM - ZERO).days - 7
    gone = first + np.floor(draws.uniform(len(patients)) * (last - first)).astype(int)
    # a loss that could not have been entered by the as-of date happened one visit earlier
    before = (every["day"] < every["patient"].map(pd.Series(gone))) & (every["written"] <= NOW - 45)
    seen = every[before].groupby("patient")[["day", "written"]].last()
    patients["last_seen_before"] = np.where(patients["lost"], seen["day"] + 1, NOW + 1)
    after = LOST_AFTER + draws.integers(*CLOSED_WITHIN, len(patients))
    patients["declared"] = OPEN.after(seen["written"].to_numpy(), after)


def _recorded(draws: Draws, patients: pd.DataFrame, every: pd.DataFrame, scale: float) -> pd.DataFrame:
    """The visits in the records: those of the lost end early, those of the overdue at a visit since the review.

    Columns added: last (of this patient), overdue, hidden (overdue, but staff wrote a later day).
    """
    rows = every[every["day"] < every["patient"].map(patients["last_seen_before"])].copy()
    final = rows.groupby("patient")["number"].transform("max") == rows["number"]
    staying = ~rows["patient"].map(patients["lost"])
    natural = rows[final & staying & (rows["due"] < NOW)]
    reviewed = rows["patient"].map(every[every["review"]].set_index("patient")["number"]) <= rows["number"]
    since, until = (int(day) for day in GIVEN_UP_DUE)
    short = rows[staying & reviewed & (rows["due"] <= until) & ~rows["patient"].isin(natural["patient"])]
    more = max(2, round(OVERDUE * scale) - len(natural))  # one hidden, one unreachable at least
    cut = _stopped(draws, short, (since, until), more, round(LAPSED * scale))
    end = rows["patient"].map(cut.set_index("patient")["number"])
    rows = rows[~(rows["number"] > end)]
    rows["last"] = rows.groupby("patient")["number"].transform("max") == rows["number"]
    other = OPEN.until(cut["day"].to_numpy() + QUARTER)
    hidden = cut.index[other > NOW][-at_scale(HIDDEN, scale) :]
    rows.loc[hidden, "written"] = OPEN.until(rows.loc[hidden, "day"].to_numpy() + QUARTER)
    rows["overdue"] = rows.index.isin(cut.index) | rows.index.isin(natural.index)
    rows["hidden"] = rows.index.isin(hidden)
    return rows


def _stopped(
    draws: Draws, short: pd.DataFrame, lately: tuple[int, int], wanted: int, routine: int
) -> pd.DataFrame:
    """The last visits of those who do not come again: `routine` of them with everything in order.

    Few who are so late that they should be closed as lost by now.
    """
    mixed = short.iloc[draws.order(len(short))]
    recent, calm = mixed["due"].between(*lately), mixed["outcome"] == NORMAL
    parts = [mixed[recent & ~calm], mixed[recent & calm], mixed[~recent]]
    parts = [part[~part["patient"].duplicated()] for part in parts]
    parts[0] = parts[0].head(wanted - routine)
    every = pd.concat(parts)
    return every[~every["patient"].duplicated()].head(wanted)


def _orders(draws: Draws, seen: pd.DataFrame, scale: float) -> pd.DataFrame:
    """The due list at the as-of date: one open order for everybody not lost, from the last visit."""
    reviewed = seen.loc[seen["review"].astype(bool), "patient"]  # nobody lost had the review
    orders = seen[seen["last"].astype(bool) & seen["patient"].isin(reviewed)].copy()
    orders["overdue"], orders["hidden"] = orders["overdue"].astype(bool), orders["hidden"].astype(bool)
    n = len(orders)
    tried = np.where(orders["overdue"], draws.integers(0, 2, n), draws.chance(0.4, n))
    near = (orders["written"] <= NOW + 14) & ~orders["hidden"]
    tried = np.where(near & (orders["day"] < NOW), tried, 0)
    lately = orders["due"].between(*GIVEN_UP_DUE)
    long = orders["overdue"] & ~orders["hidden"] & lately
    wanted = min(at_scale(UNREACHABLE, scale), int(long.sum()))
    given_up = np.isin(orders.index, draws.some(orders.index[long].to_numpy(), wanted))
    agreed = draws.chance(0.5, n) | ~orders["overdue"]
    orders["attempts"] = np.where(given_up, 3, tried)
    orders["result"] = np.select(
        [given_up, orders["attempts"] == 0, agreed], [GONE, UNTOUCHED, AGREED], NO_ANSWER
    )
    start = np.where(given_up, orders["due"] + 1, np.minimum(orders["due"], NOW) - 3)
    attempt = OPEN.until(start + np.floor(draws.uniform(n) * (NOW - start + 1)).astype(int))
    orders["attempt"] = np.maximum(attempt, OPEN.since(orders["day"].to_numpy() + 1)).clip(max=NOW)
    orders["unreachable"] = given_up
    return orders.sort_values(["written", "patient"], kind="stable", ignore_index=True)


def _with_losses(
    draws: Draws, patients: pd.DataFrame, every: pd.DataFrame, seen: pd.DataFrame
) -> pd.DataFrame:
    """The follow-ups as filed, by day: visits after the baseline, and for each lost patient a line that says so."""
    lost = patients[patients["lost"]]
    gone = pd.DataFrame({"patient": lost.index, "day": lost["declared"], "outcome": LOST, "review": False})
    rows = pd.concat([seen[seen["number"] > 0], gone.set_axis(range(len(every), len(every) + len(gone)))])
    rows = rows.sort_values(["day", "patient"], kind="stable", ignore_index=True)
    rows["followup_id"] = numbered("F", len(rows))
    rows["mode"] = np.where(rows["outcome"] == LOST, 1, draws.choice(MODE_SHARE, len(rows)))
    return rows


def _dates(days: pd.Series) -> list[dt.date | None]:
    return [None if d != d else ZERO + dt.timedelta(days=int(d)) for d in days]


def _patient_table(names: Names, patients: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    spec = columns(CASE, "patients")
    base = every[every["number"] == 0].set_index("patient")
    surgery = patients["disease"] == SURGERY
    return pd.DataFrame(
        {
            "patient_id": numbered("P", len(patients)),
            "enrol_date": _dates(patients["enrolled"]),
            "age": patients["age"],
            "sex": spec["sex"].said(names, patients["male"].astype(int)),
            "disease": spec["disease"].said(names, patients["disease"]),
            "severity": spec["severity"].said(names, patients["severity"]),
            "discharge_date": _dates(patients["discharged"].where(surgery)),
            "baseline_sbp": base["sbp"],
            "baseline_dbp": base["dbp"],
            "baseline_fpg": base["fpg"],
            "first_due": _dates(base["due"]),
            "doctor_id": numbered("D", patients["doctor"], 2),
            "sensitive_consent": patients["consent"],
        },
        index=patients.index,
    )


def _visit_table(names: Names, rows: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    spec = columns(CASE, "followups")
    there = rows["outcome"] != LOST
    return pd.DataFrame(
        {
            "followup_id": rows["followup_id"],
            "patient_id": numbered("P", rows["patient"]),
            "visit_date": _dates(rows["day"]),
            "mode": spec["mode"].said(names, rows["mode"]),
            "annual_review": rows["review"],
            "sbp": rows["sbp"],
            "dbp": rows["dbp"],
            "fpg": rows["fpg"],
            "adverse_reaction": rows["adverse"].where(there, None),
            "new_complication": rows["complication"].where(there, None),
            "outcome": spec["outcome"].said(names, rows["outcome"]),
            "next_due": _dates(rows["written"]),
            "doctor_id": numbered("D", rows["patient"].map(patients["doctor"]), 2),
        },
        index=rows.index,
    )


def _order_table(names: Names, orders: pd.DataFrame) -> pd.DataFrame:
    spec = columns(CASE, "followup_orders")
    return pd.DataFrame(
        {
            "order_id": numbered("O", len(orders)),
            "patient_id": numbered("P", orders["patient"]),
            "followup_id": orders["followup_id"],
            "due_date": _dates(orders["written"]),
            "purpose": spec["purpose"].said(names, orders["outcome"].map(PURPOSE)),
            "attempts": orders["attempts"],
            "last_attempt_date": _dates(orders["attempt"].where(orders["attempts"] > 0)),
            "last_result": spec["last_result"].said(names, orders["result"]),
        },
        index=orders.index,
    )


def _mark_visits(filed: Planter, rows: pd.DataFrame) -> None:
    """Written down: values of danger, and due dates that staff wrote against the rules; no dirt falls on them."""
    low, high = DANGER_SUGAR
    planted = {
        "sbp": rows["sbp"] >= DANGER_HIGH,
        "dbp": rows["dbp"] >= DANGER_LOW,
        "fpg": (rows["fpg"] >= high) | (rows["fpg"] <= low),
    }
    for column, there in planted.items():
        keys = rows.index[there]
        filed.note("danger_value", keys, column, list(filed.frame.loc[keys, column]))
    wrong = (rows["outcome"] != LOST) & (rows["written"] != rows["due"])
    _note_due("wrong_next_due", filed, "next_due", rows[wrong])
    filed.free = rows.index[~wrong & (rows["outcome"] != DANGER)]


def _spoil_visits(filed: Planter, rows: pd.DataFrame, scale: float) -> None:
    keys = filed.take(at_scale(WIDE, scale), rows["sbp"].notna())
    filed.spoil("full_width", keys, "sbp", list(filed.frame.loc[keys, "sbp"].map(full_width)))
    keys = filed.take(at_scale(NO_DOCTOR, scale))
    filed.spoil("owner_missing", keys, "doctor_id", [""] * len(keys))
    filed.copy_rows("duplicate", list(filed.take(at_scale(COPIES, scale))), "followup_id")


def _mark_orders(listed: Planter, orders: pd.DataFrame) -> None:
    """Written down: who is overdue by the rules, and who cannot be reached."""
    _note_due("overdue", listed, "due_date", orders[orders["overdue"]])
    gone = orders.index[orders["unreachable"]]
    listed.note("unreachable", gone, "last_result", list(listed.frame.loc[gone, "last_result"]))


def _note_due(reason: str, planter: Planter, column: str, rows: pd.DataFrame) -> None:
    """Note these rows with the day that is due by the rules."""
    planter.note(reason, rows.index, column, [str(day) for day in _dates(rows["due"])])
