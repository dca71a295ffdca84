"""Visits, deals, the owners' club and referrals, from the registered leads and the grown trees."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, days_from
from segkit.synth.cases.realestate.tree import MOST_VISITS, START, Trees
from segkit.synth.dictionary import columns
from segkit.synth.dirt import at_scale
from segkit.synth.draws import Draws
from segkit.synth.people import Names, numbered

CASE = "realestate"
# sample parameters (示例参数)
COMPANY = (  # alone, spouse, parents or children, friends
    (0.55, 0.25, 0.12, 0.08),
    (0.15, 0.60, 0.17, 0.08),  # who decides with the spouse
    (0.68, 0.00, 0.18, 0.14),  # who lives alone
)
TOPICS = (0.0, 0.45, 0.55, 0.0)  # tour, affordability, price, holding a unit; of the later visits
TOUR, HOLD = 0, 3
DISCOUNT, COMMISSION = 0.04, (0.003, 0.005)
CASH = 0.75  # of those whose assets cover the price; nobody else pays in full
REWARD = 10_000  # yuan, to who introduced a buyer
NOTHING = (0.45, 0.35, 0.20)  # not reached, no interest, on file already
SELVES, LOOPS = 3, 2  # false referrals: of oneself, of somebody one descends from


def visits(draws: Draws, names: Names, leads: pd.DataFrame) -> pd.DataFrame:
    """One row per visit to the sales office, in order of date; a unit is held at the last visit."""
    spec = columns(CASE, "visits")
    rows = pd.concat(
        [leads[leads["visits"] > i].assign(day=leads[f"visit_{i}"], turn=i) for i in range(MOST_VISITS)],
        ignore_index=True,
    )
    rows = rows.sort_values(["day", "lead_id"], kind="stable", ignore_index=True)
    n = len(rows)
    topic = np.where(rows["turn"] == 0, TOUR, draws.choice(TOPICS, n))
    topic = np.where(rows["locked"] & (rows["turn"] == rows["visits"] - 1), HOLD, topic)
    couple = columns(CASE, "leads")["decision_role"].values(names)[1]
    kind = np.where(rows["family_size"] == 1, 2, np.where(rows["decision_role"] == couple, 1, 0))
    company = draws.choice_each(np.array(COMPANY)[kind])
    return pd.DataFrame(
        {
            "visit_id": numbered("V", n),
            "lead_id": rows["lead_id"],
            "visit_date": days_from(START, rows["day"].to_numpy()),
            "consultant_id": rows["consultant_id"],
            "company": spec["company"].said(names, company),
            "topic": spec["topic"].said(names, topic),
            "minutes": np.clip(np.round(draws.lognormal(55.0, 0.4, n) / 5) * 5, 15, 180).astype(int),
            "contact": rows["contact"],
            "second": rows["second"],
        }
    )


def deals(draws: Draws, names: Names, leads: pd.DataFrame) -> pd.DataFrame:
    """One row per signed contract, in order of signing."""
    rows = leads[leads["signed"] >= 0].sort_values(["signed", "lead_id"], kind="stable", ignore_index=True)
    n = len(rows)
    price = np.round(rows["price_wan"] * (1 - DISCOUNT * draws.uniform(n)), 1)
    low, high = COMMISSION
    rate = np.round(low + (high - low) * draws.uniform(n), 4)
    covered = np.flatnonzero(rows["assets_wan"] >= rows["price_wan"])
    cash = np.isin(np.arange(n), covered[draws.exactly(CASH, len(covered))])
    return pd.DataFrame(
        {
            "deal_id": numbered("D", n),
            "lead_id": rows["lead_id"],
            "consultant_id": rows["consultant_id"],
            "sign_date": days_from(START, rows["signed"].to_numpy()),
            "house_type": rows["house_interest"],
            "price_wan": price,
            "payment": columns(CASE, "deals")["payment"].said(names, cash),
            "commission_yuan": np.round(price * 10_000 * rate, 2),
            "signed": rows["signed"],
            "cash": cash,
        }
    )


def owners(names: Names, grown: Trees, leads: pd.DataFrame) -> pd.DataFrame:
    """Members of the owners' club: first-phase owners, then referred buyers under their lead's number."""
    phases = columns(CASE, "owners")["phase"].values(names)
    lead_of = leads[~leads["second"]].set_index("person")["lead_id"]
    own = grown.members
    referred = own["person"] >= 0
    return pd.DataFrame(
        {
            "owner_id": own["person"].map(lead_of).where(referred, pd.Series(numbered("O", len(own)))),
            "phase": np.where(referred, phases[1], phases[0]),
            "joined_on": days_from(START, own["joined"].to_numpy()),
            "nps": own["nps"],
            "nps_date": days_from(START, own["answered"].to_numpy()),
            "depth": own["depth"],
            "nps_class": own["nps_class"],
            "joined": own["joined"],
        }
    )


def referrals(
    draws: Draws, names: Names, grown: Trees, club: pd.DataFrame, leads: pd.DataFrame, scale: float
) -> pd.DataFrame:
    """One row per introduction, in order of day; the false ones are marked in `planted`."""
    said = columns(CASE, "referrals")["result"].values(names)
    first = leads[~leads["second"]].set_index("person")
    rows = grown.introductions
    n, came = len(rows), (rows["person"] >= 0).to_numpy()
    people = rows["person"].where(came, 0)
    true = pd.DataFrame(
        {
            "referrer_id": club["owner_id"].to_numpy()[rows["member"]],
            "day": rows["day"],
            "lead_id": np.where(came, first["lead_id"].loc[people], ""),
            "result": np.where(came, said[0], np.array(said[1:])[draws.choice(NOTHING, n)]),
            "bought": came & first["bought"].loc[people].to_numpy(),
            "planted": "",
        }
    )
    false = _false(draws, true, club, scale).assign(result=said[0], bought=True)
    both = pd.concat([true, false], ignore_index=True)
    both = both.sort_values(["day", "referrer_id"], kind="stable", ignore_index=True)
    return both.assign(
        referral_id=numbered("R", len(both)),
        referred_on=days_from(START, both["day"].to_numpy()),
        reward_yuan=np.where(both["bought"], REWARD, 0),
    )


def _false(draws: Draws, true: pd.DataFrame, club: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Members who name themselves, and members who name one of their own referrers, after they signed."""
    parent = dict(zip(true["lead_id"], true["referrer_id"], strict=True))
    lines = {owner: _line(parent, owner) for owner in club.loc[club["depth"] > 0, "owner_id"]}
    # a line of four holds three owners with a lead: a cycle of three; in a small sample there may be none
    longest = [owner for owner in lines if len(lines[owner]) >= min(4, max(map(len, lines.values())))]
    low = draws.pick(longest, 1)
    rest = [
        owner for owner in lines if len(lines[owner]) == 3 and not {*lines[owner]} & {*lines[low[0]][:-1]}
    ]
    low += draws.pick(rest, at_scale(LOOPS, scale) - 1)
    high = [lines[owner][-2] for owner in low]
    apart = [owner for owner in lines if not any({owner} & {*lines[o]} for o in low)]
    selves = list(draws.some(np.array(apart), at_scale(SELVES, scale)))
    rows = pd.DataFrame(
        {
            "referrer_id": [*low, *selves],
            "lead_id": [*high, *selves],
            "planted": ["referral_cycle"] * len(low) + ["self_referral"] * len(selves),
        }
    )
    joined = rows["referrer_id"].map(club.set_index("owner_id")["joined"])
    return rows.assign(day=np.minimum(joined + draws.integers(3, 20, len(rows)), (AS_OF - START).days))


def _line(parent: dict[str, str], member: str) -> list[str]:
    """A member and all who stand above, up to the first-phase owner."""
    line = [member]
    while line[-1] in parent:
        line.append(parent[line[-1]])
    return line
