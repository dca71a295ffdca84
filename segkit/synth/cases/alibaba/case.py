"""Suppliers, visits, contracts and a survey of a sales force (中供), with false logs and known truth.

Named after the case in the sources; retold for teaching (教学化改写), every record is invented.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.cases.alibaba.dirt import dirty_contracts, dirty_suppliers, dirty_visits
from segkit.synth.cases.alibaba.firms import (
    CASE,
    TIERS,
    Sizes,
    date,
    firms,
    reps,
    spelling,
)
from segkit.synth.cases.alibaba.log import log
from segkit.synth.cases.alibaba.pool import misjudged, pooled
from segkit.synth.cases.alibaba.survey import survey
from segkit.synth.cases.alibaba.truth import facts, truths
from segkit.synth.cases.alibaba.visits import Diary, cold, courted, faked, members, served, sign
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws
from segkit.synth.files import File
from segkit.synth.people import Invented, Names, numbered
from segkit.synth.tables import case_files, written


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: five tables, their truth, two datasheets."""
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    sizes = Sizes.at(scale)
    staff = reps(draws, invented, sizes)
    fake = staff["fake"].to_numpy()
    frame = firms(draws, invented, sizes, staff)
    frame["claim"] = 0
    diary = Diary(draws, fake)
    visits, model = sign(draws, frame, courted(draws, frame, diary), diary)
    contracts = members(draws, frame)
    visits += served(draws, frame, contracts, diary)
    visits += misjudged(draws, frame, visits, diary, scale)
    visits += cold(draws, diary, fake)
    visits += faked(draws, frame, diary, fake)
    pool = pooled(draws, frame, visits, contracts)
    turn = np.argsort(pool["record"].to_numpy(), kind="stable")
    number = pd.Series("", index=frame.index, dtype=object)
    number.iloc[turn] = numbered("S", len(frame))
    entries = log(draws, frame, visits, fake, names)
    entries["rep_id"] = staff["rep_id"].to_numpy()[entries["rep"]]
    entries["company_id"] = entries["firm"].map(number).fillna("")
    answers = survey(draws, invented, contracts, entries.groupby("firm").size(), scale)
    answers["company_id"] = number[answers.index]
    answers["answer_id"] = numbered("Q", len(answers))
    suppliers = _suppliers(invented, frame, pool, staff, number).iloc[turn]
    sold = _contracts(invented, frame, contracts, staff, number)
    tables = {
        "reps": written(CASE, "reps", staff.assign(team=_said("reps", "team", names, staff["team"]))),
        "suppliers": written(CASE, "suppliers", suppliers),
        "visits": written(CASE, "visits", entries),
        "contracts": written(CASE, "contracts", sold),
        "survey": written(CASE, "survey", answers),
    }
    spoiled = {
        "suppliers": dirty_suppliers(draws, tables["suppliers"], frame, pool, number, scale, names),
        "visits": dirty_visits(draws, tables["visits"], entries, scale),
        "contracts": dirty_contracts(draws, tables["contracts"], scale),
    }
    truth = truths(staff, frame, pool, model, sold, answers, number)
    told = {"seed": seed} | facts(staff, frame, pool, model, entries, sold, answers, names)
    return case_files(CASE, tables | spoiled, truth, told)


def _said(table: str, column: str, names: Names, at: pd.Series) -> np.ndarray:
    return columns(CASE, table)[column].said(names, at.to_numpy())


def _suppliers(
    invented: Invented, frame: pd.DataFrame, pool: pd.DataFrame, staff: pd.DataFrame, number: pd.Series
) -> pd.DataFrame:
    """The columns of suppliers.csv; cells as dates and numbers."""
    out = frame.copy()
    second = frame.index[frame["group"] == "second"]
    name = {twin: spelling(frame.at[twin, "firm"], i) for i, twin in enumerate(second)}
    out["company_id"] = number
    out["company_name"] = [name.get(i, firm.name) for i, firm in frame["firm"].items()]
    out["geo_class"] = _said("suppliers", "geo_class", invented.names, frame["geo"])
    out["size_class"] = _said("suppliers", "size_class", invented.names, frame["size"])
    out["lead_source"] = _said("suppliers", "lead_source", invented.names, frame["lead_source"])
    out["pool_status"] = _said("suppliers", "pool_status", invented.names, pool["status"])
    refused = ["", *columns(CASE, "suppliers")["opt_out_channels"].values(invented.names)]
    out["opt_out_channels"] = np.array(refused, dtype=object)[frame["opted_out"]]
    owner = pd.Series(staff["rep_id"].to_numpy()[frame["owner"]], index=frame.index)
    public = pool["release"].notna()
    out["owner_id"] = owner.where(~public, "")
    out["last_owner_id"] = owner.where(public, "")
    for column, days in {
        "record_date": "record",
        "claim_date": "claim",
        "last_follow_date": "last_entry",
        "protect_until": "protect",
        "release_date": "release",
    }.items():
        out[column] = [None if pd.isna(d) else date(d) for d in pool[days]]
    return out


def _contracts(
    invented: Invented, frame: pd.DataFrame, contracts: pd.DataFrame, staff: pd.DataFrame, number: pd.Series
) -> pd.DataFrame:
    """The columns of contracts.csv in order of signing."""
    out = contracts.copy()
    out["company_id"] = number[contracts.index]
    out["rep_id"] = staff["rep_id"].to_numpy()[frame.loc[contracts.index, "owner"]]
    out["product"] = _said("contracts", "product", invented.names, contracts["product"])
    out["tier"] = np.array(TIERS, dtype=object)[contracts["tier"]]
    out["firm"] = contracts.index
    out = out.sort_values(["sign_date", "company_id"], kind="stable")
    out["contract_id"] = numbered("K", len(out))
    return out
