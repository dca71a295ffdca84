"""公海 and 私海: who holds which firm at the as-of date, and where the system judged wrongly.

The rules: a private firm is protected until 30 days after it was claimed or last had effective contact, whichever
is later, and at most 90 days after it was claimed; then it goes to the public pool. Locked and signed firms stay.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.cases.alibaba.firms import LAST
from segkit.synth.cases.alibaba.visits import DEAL_DAYS, GOOD, SILENT_DAYS, Diary, Visits, history
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws

LOCKED, PAST, WRONG = 30, 60, 30
PRIVATE, PUBLIC, KEPT, SIGNED = range(4)  # places of 私海 公海 锁定 成交
BY_HAND = (1, 6)  # days from the vain call to the release by hand (示例参数)
OLD_RECORD = 0.35  # share of firms claimed from an older record (示例参数)


def misjudged(draws: Draws, frame: pd.DataFrame, visits: Visits, diary: Diary, scale: float) -> Visits:
    """Vain calls that kept 60 firms private too long, and vain calls for which a head of team
    released 30 by hand, too early.

    Sets `judged`: past, wrong, locked or blank; and `released` of those released too early.
    """
    last = history(visits)["last"].reindex(frame.index)
    live = (frame["group"] == "worked") & frame["signed"].isna() & ~frame.index.isin(_twinned(frame))
    latest = pd.DataFrame(visits).groupby("firm")["day"].max().reindex(frame.index)
    late = frame.index.isin([v["firm"] for v in visits if v["kind"] == "late"])
    lags = draws.integers(*BY_HAND, len(frame))
    frame["judged"], frame["released"] = "", -1
    calls: Visits = []

    def called(kind: str, name: str, where: pd.Series, n: int, first: pd.Series, until: pd.Series) -> None:
        pool = frame.index[where & (frame["judged"] == "")].to_numpy()
        for firm in draws.some(pool, len(pool)):
            if (frame["judged"] == name).sum() == at_scale(n, scale):
                return
            day = diary.between(int(frame.at[firm, "owner"]), int(first[firm]), int(until[firm]))
            if day is not None:
                frame.at[firm, "judged"] = name
                lag = int(lags[firm])
                frame.at[firm, "released"] = min(day + lag, LAST) if name == "wrong" else -1
                calls.append(
                    {"firm": int(firm), "rep": int(frame.at[firm, "owner"]), "day": day, "kind": kind}
                )

    silent = live & (frame["fate"] == "silent") & last.between(LAST - 54, LAST - SILENT_DAYS - 1)
    called("stale", "past", silent, PAST, (last + 1).clip(lower=LAST - SILENT_DAYS), last + SILENT_DAYS)
    active = live & (frame["fate"] == "active") & ~late
    called("vain", "wrong", active & (last == latest) & (last <= LAST - 9), WRONG, last + 3, last + 8)
    rest = frame.index[active & (frame["judged"] == "")].to_numpy()
    frame.loc[draws.some(rest, at_scale(LOCKED, scale)), "judged"] = "locked"
    return calls


def _twinned(frame: pd.DataFrame) -> np.ndarray:
    return frame.loc[frame["group"] == "second", "first"].to_numpy()


def pooled(draws: Draws, frame: pd.DataFrame, visits: Visits, contracts: pd.DataFrame) -> pd.DataFrame:
    """Day numbers of record, claim, last entry, protection and release, and the status, one row a record.

    `protect` is what the system says (last entry of any kind), `true_protect` and `true_status` what the rules say.
    """
    n, group = len(frame), frame["group"]
    entries = pd.DataFrame(visits)
    entries = (
        entries[entries["firm"] >= 0].groupby(["firm", entries["kind"].isin(GOOD)])["day"].max().unstack()
    )
    effective = entries[True].reindex(frame.index)
    latest = entries.max(axis=1).reindex(frame.index)
    claim = frame["claim"].copy()
    old = draws.integers(-200, -1, n)  # release of those in the pool all quarter
    claim[group == "idle"] = (
        old[group == "idle"] - SILENT_DAYS - 1 - draws.integers(0, 40, n)[group == "idle"]
    )
    sold = contracts["day"].reindex(frame.index)
    claim[group == "member"] = (sold - draws.integers(3, 60, n))[group == "member"]
    out = pd.DataFrame({"claim": claim.astype(int)})
    before = np.where(group == "idle", old - SILENT_DAYS - 1, -draws.integers(1, 90, n))
    before = np.maximum(before, np.where(group == "member", sold.fillna(-999), -999))
    out["last_entry"] = latest.fillna(pd.Series(before, frame.index)).astype(int)
    true = np.minimum(np.fmax(claim, effective.fillna(-9999)) + SILENT_DAYS, claim + DEAL_DAYS).astype(int)
    system = np.minimum(out["last_entry"] + SILENT_DAYS, claim + DEAL_DAYS).astype(int)
    lapsed = true < LAST
    status = np.select(
        [
            frame["signed"].notna() | (group == "member"),
            group == "idle",
            frame["judged"] == "locked",
            frame["judged"] == "wrong",
            (frame["judged"] == "past") | (group == "faked"),
            lapsed,
        ],
        [SIGNED, PUBLIC, KEPT, PUBLIC, PRIVATE, PUBLIC],
        PRIVATE,
    )
    out["status"] = status
    free = np.isin(status, [KEPT, SIGNED]) | (group == "idle")
    out["true_status"] = np.where(free, status, np.where(lapsed, PUBLIC, PRIVATE))
    out["protect"] = system.where(status == PRIVATE)
    out["true_protect"] = true.where(~free)
    released = np.select([group == "idle", frame["judged"] == "wrong"], [old, frame["released"]], true + 1)
    out["release"] = pd.Series(released, frame.index).where(status == PUBLIC)
    ago = np.where(draws.chance(OLD_RECORD, n) & (group != "second"), draws.integers(30, 500, n), 0)
    out["record"] = out["claim"] - ago
    twins = frame.index[group == "second"]
    firsts = frame.loc[twins, "first"].to_numpy()
    latest_record = out.loc[twins, "record"].to_numpy() - draws.integers(1, 20, len(twins))
    out.loc[firsts, "record"] = np.minimum(out.loc[firsts, "record"], latest_record)
    return out
