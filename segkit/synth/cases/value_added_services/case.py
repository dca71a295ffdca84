"""Value-added services (增值服务): which of twelve keeps customers, when the best customers get most of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segkit.synth.calendar import days_from, open_days
from segkit.synth.cases.value_added_services.truth import facts, service_truth
from segkit.synth.dictionary import JOINED_BY, columns
from segkit.synth.dirt import Planter, at_scale, year_late
from segkit.synth.draws import Draws, significant
from segkit.synth.files import File
from segkit.synth.people import Invented, Names, numbered
from segkit.synth.tables import case_files, written

CASE = "value_added_services"
CUSTOMERS = 800
# all numbers of this page are sample parameters; none has a published source
TIERS = ("vip", "key", "ordinary")
TIER_SHARES = (0.15, 0.30, 0.55)
TIER_FROM = (200_000, 60_000, 0)  # published criteria: spending of 2024 in CNY
SPEND_TOP = (900_000, 199_000, 59_900)
RENEWAL = (0.78, 0.60, 0.42)  # by tier, without the two services that work
START, END = dt.date(2025, 1, 2), dt.date(2025, 9, 30)

PER_USE, EVENT, ENROLMENT = range(3)  # how a service is counted, as in cases/value_added_services/columns.yml
SUMMIT_DAYS = (dt.date(2025, 5, 22), dt.date(2025, 5, 23))
BEFORE_FESTIVALS = (  # gifts go out before Spring Festival, Dragon Boat, Mid-Autumn and National Day
    (dt.date(2025, 1, 13), dt.date(2025, 1, 24)),
    (dt.date(2025, 5, 19), dt.date(2025, 5, 30)),
    (dt.date(2025, 9, 15), dt.date(2025, 9, 30)),
)
TENURE_FROM = 21  # months on 30 September 2025: everyone has all of 2024
MARGIN, MARGIN_SPREAD = (0.16, 0.20, 0.24), 0.02  # gross margin by tier, share of spending


@dataclass(frozen=True)
class Service:
    """One service: `used` is the share of each tier that uses it, `effect` what using it adds to renewal."""

    kind: int
    cost: float
    used: tuple[float, float, float]
    capacity: int
    minutes: tuple[int, int, int] | None = None  # from, to, in steps of
    effect: float = 0.0
    again: float = 0.2  # mean number of further uses
    mode: int = PER_USE

    @property
    def tiers(self) -> list[int]:
        return [i for i, share in enumerate(self.used) if share > 0]


SERVICES = (
    Service(0, 600, (0.42, 0.38, 0.34), 60, (60, 180, 10), effect=0.12),  # on-site inspection
    Service(1, 450, (0.36, 0.34, 0.32), 80, (120, 240, 30), effect=0.10),  # operator training
    Service(  # annual summit: for those who renew anyway
        2, 3200, (0.85, 0.15, 0.0), 160, (240, 420, 30), again=0.0, mode=EVENT
    ),
    Service(3, 120, (0.50, 0.35, 0.0), 60, (5, 25, 5)),  # priority dispatch
    Service(3, 1200, (0.40, 0.20, 0.0), 60, again=0.0, mode=ENROLMENT),  # spare parts on site
    Service(4, 90, (0.50, 0.40, 0.30), 160, again=0.0, mode=ENROLMENT),  # industry monthly
    Service(5, 5400, (0.60, 0.25, 0.0), 80, again=0.0, mode=ENROLMENT),  # account manager
    Service(0, 80, (0.32, 0.30, 0.26), 60, (15, 70, 5)),  # remote diagnosis
    Service(2, 260, (0.60, 0.40, 0.15), 120, again=0.0),  # festival gift
    Service(4, 500, (0.40, 0.0, 0.0), 20, (60, 150, 10)),  # product preview
    Service(1, 30, (0.34, 0.34, 0.34), 80, (30, 90, 15)),  # online course
    Service(  # hotline: everyone uses it, so nothing to compare with
        0, 25, (1.0, 1.0, 1.0), 200, (2, 24, 1), again=0.5
    ),
)
SUMMIT, GIFT = 2, 8  # positions
NO_SUCH_DAY = "2025-02-30"
COPIES, FUTURE, NO_CUSTOMER, BAD_DATE, SPELLED = 30, 4, 12, 6, 24
OFF_CRITERIA, NOT_ELIGIBLE = 6, 12
SHOWN_TO_OTHERS = 9  # position of the service that some got without being eligible: the preview


def make(seed: int, scale: float, names: Names) -> list[File]:
    """The files of the case: three tables, what is true of them, a summary, two datasheets."""
    draws = Draws(seed, CASE)
    invented = Invented(draws, names)
    customers, used = _customers(draws, invented, at_scale(CUSTOMERS, scale))
    uses = _uses(draws, customers, used, at_scale(NOT_ELIGIBLE, scale, 2))
    services = _services(invented)
    who = _dirty_customers(draws, invented, customers, scale)
    what = _dirty_uses(draws, uses, scale)
    effects = service_truth(customers, uses, services, [s.effect for s in SERVICES])
    truth = {
        "customers": customers[["customer_id", "tier_code", "tier_by_criteria", "renewal_probability"]],
        "services": effects,
    }
    tables = {"services": written(CASE, "services", services), "customers": who, "uses": what}
    no_day = [d.key for d in what.defects if d.reason == "bad_date"]
    told = {"seed": seed} | facts(customers, uses, services, effects, uses.drop(index=no_day))
    return case_files(CASE, tables, truth, told)


def _services(invented: Invented) -> pd.DataFrame:
    spec = columns(CASE, "services")
    tiers = spec["eligible"].values(invented.names)
    english = Invented(invented.draws, "en")
    return pd.DataFrame(
        {
            "service_id": numbered("S", len(SERVICES)),
            "name": invented.words(CASE, "services"),
            "name_en": english.words(CASE, "services"),
            "kind": spec["kind"].said(invented.names, [s.kind for s in SERVICES]),
            "mode": spec["mode"].said(invented.names, [s.mode for s in SERVICES]),
            "cost_per_use": [s.cost for s in SERVICES],
            "eligible": [JOINED_BY.join(tiers[i] for i in s.tiers) for s in SERVICES],
            "capacity_per_month": [s.capacity for s in SERVICES],
            "published_on": dt.date(2024, 12, 16),
        }
    )


def _customers(draws: Draws, invented: Invented, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """The customers, and who uses which service (customers x services).

    Renewal comes first from tier and the two services that work; the others are then dealt alike to those who
    renewed and those who did not, tier by tier: within a tier they make no difference.
    """
    spec, names = columns(CASE, "customers"), invented.names
    fits = draws.dealt(TIER_SHARES, n)
    tier = fits.copy()
    odd = draws.some(np.flatnonzero(fits > 0), at_scale(OFF_CRITERIA, n / CUSTOMERS, 2))
    tier[odd] -= 1  # one step better than the published criteria allow
    low, high = np.array(TIER_FROM)[fits], np.array(SPEND_TOP)[fits]
    spend = significant(
        np.maximum(low, 8_000) * np.round((high / np.maximum(low, 8_000)) ** draws.uniform(n), 9), 4
    )
    used, renewed, chance = _used(draws, tier)
    firms = invented.firms(n)
    frame = pd.DataFrame(
        {
            "customer_id": numbered("C", n),
            "company": [f.name for f in firms],
            "industry": [f.industry for f in firms],
            "region": spec["region"].drawn(names, draws, [0.32, 0.2, 0.16, 0.12, 0.1, 0.05, 0.05], n),
            "spend_2024": spend,
            "tier": spec["tier"].said(names, tier),
            "margin_2024": significant(
                spend * (np.array(MARGIN)[fits] + MARGIN_SPREAD * draws.normal(n).clip(-2, 2)), 4
            ),
            "tenure_months": np.floor(draws.gamma(2.0, 1.0, n) * np.array([26, 18, 12])[tier]).astype(int)
            + TENURE_FROM,
            "contract_end": days_from(dt.date(2025, 10, 1), draws.integers(0, 75, n)),
            "renewed": renewed.astype(int),
            "spend_2025": significant(spend * 0.75 * draws.lognormal(1.0, 0.2, n), 4),
            "tier_code": np.array(TIERS)[tier],
            "tier_by_criteria": np.array(TIERS)[fits],
            "renewal_probability": np.round(chance, 4),
            "off_criteria": fits != tier,
        }
    )
    return frame, used


def _used(draws: Draws, tier: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who uses which service, who renews, and with which probability."""
    n = len(tier)
    used = np.zeros((n, len(SERVICES)), dtype=bool)
    chance = np.array(RENEWAL)[tier]
    cell = tier.copy()
    for k, service in enumerate(SERVICES):
        if service.effect:
            used[:, k] = draws.steady(np.array(service.used)[tier], by=cell)
            chance = chance + service.effect * used[:, k]
            cell = cell * 2 + used[:, k]
    renewed = draws.steady(np.round(chance, 9), by=cell)
    for k, service in enumerate(SERVICES):
        if not service.effect:
            used[:, k] = draws.steady(np.array(service.used)[tier], by=tier * 2 + renewed)
    return used, renewed, chance


def _uses(draws: Draws, customers: pd.DataFrame, used: np.ndarray, not_eligible: int) -> pd.DataFrame:
    """One row per use, by day; a few customers got the preview without being eligible."""
    who, what = np.nonzero(used)
    further = draws.poisson(np.array([s.again for s in SERVICES])[what], len(what))
    who, what = np.repeat(who, further + 1), np.repeat(what, further + 1)
    open_to = customers.index[customers["tier_code"] != "vip"].to_numpy()
    even = draws.steady(np.full(len(open_to), not_eligible / len(open_to)), by=customers["renewed"][open_to])
    others = open_to[even]
    not_eligible = len(others)
    who = np.concatenate([who, others])
    what = np.concatenate([what, np.full(not_eligible, SHOWN_TO_OTHERS)])
    n = len(who)
    day = _days(draws, what)
    frame = pd.DataFrame(
        {
            "customer_id": customers["customer_id"].to_numpy()[who],
            "service_id": np.array(numbered("S", len(SERVICES)))[what],
            "use_date": day,
            "minutes": _minutes(draws, what),
            "rating": np.where(draws.chance(0.6, n), draws.choice([0.03, 0.07, 0.2, 0.4, 0.3], n) + 1, 0),
            "tier_code": customers["tier_code"].to_numpy()[who],
            "eligible": np.arange(n) < n - not_eligible,
        }
    )
    frame["rating"] = frame["rating"].astype(object).where(frame["rating"] > 0, "")
    frame = frame.sort_values("use_date", kind="stable", ignore_index=True)
    frame.insert(0, "use_id", numbered("U", n))
    return frame


def _days(draws: Draws, what: np.ndarray) -> list[dt.date]:
    """The working day of each use: evenly through the year so far, enrolments more in its first months, the
    summit on its days, gifts before festivals."""
    spread = draws.even(what)
    early = np.array([s.mode == ENROLMENT for s in SERVICES])[what]
    spread = np.round(np.where(early, spread**1.6, spread), 9)
    gifts = [day for window in BEFORE_FESTIVALS for day in open_days(*window)]
    own: dict[int, list[dt.date]] = {SUMMIT: list(SUMMIT_DAYS), GIFT: gifts}
    days = open_days(START, END)
    chosen = [own.get(int(k), days) for k in what]
    return [on[int(u * len(on))] for on, u in zip(chosen, spread, strict=True)]


def _minutes(draws: Draws, what: np.ndarray) -> list[int | str]:
    """How long each use took, most often about the middle of what is usual; blank where nobody counts."""
    middle = (draws.uniform(len(what)) + draws.uniform(len(what))) / 2
    out: list[int | str] = []
    for k, u in zip(what, middle, strict=True):
        usual = SERVICES[k].minutes
        out.append(
            "" if usual is None else usual[0] + usual[2] * int(u * ((usual[1] - usual[0]) // usual[2] + 1))
        )
    return out


def _dirty_customers(draws: Draws, invented: Invented, customers: pd.DataFrame, scale: float) -> Planter:
    """Tiers spelled in other ways; tiers above what the criteria allow are noted, not changed."""
    planter = Planter(written(CASE, "customers", customers), draws)
    odd = customers.index[customers["off_criteria"]]
    planter.free = planter.free.difference(odd)
    words = columns(CASE, "customers")["tier"].values(invented.names)
    right = customers.loc[odd, "tier_by_criteria"].map(dict(zip(TIERS, words, strict=True)))
    planter.note("tier_off_criteria", odd, "tier", list(right))
    vip_small, vip_wide, key, ordinary = invented.words(CASE, "tier_spellings")
    other = dict(zip(words, ([vip_small, vip_wide], [key], [ordinary]), strict=True))
    for word, spellings in other.items():
        keys = planter.take(at_scale(SPELLED / len(other), scale, 2), customers["tier"] == word)
        typed = [spellings[i % len(spellings)] for i in range(len(keys))]
        planter.spoil("grade_spelling", keys, "tier", typed)
    return planter


def _dirty_uses(draws: Draws, uses: pd.DataFrame, scale: float) -> Planter:
    """Uses sent twice, dated ahead, on days that do not exist, without a customer.

    What hides a use hides a further one: who used what can be told all the same.
    """
    planter = Planter(written(CASE, "uses", uses), draws)
    gifts = uses.index[~uses["eligible"]]
    planter.free = planter.free.difference(gifts)
    planter.note("not_eligible", gifts, "service_id", uses.loc[gifts, "service_id"])
    further = uses.duplicated(["customer_id", "service_id"])
    keys = planter.take(at_scale(FUTURE, scale), further)
    planter.spoil("after_as_of", keys, "use_date", list(planter.frame.loc[keys, "use_date"].map(year_late)))
    keys = planter.take(at_scale(BAD_DATE, scale), further)
    planter.spoil("bad_date", keys, "use_date", [NO_SUCH_DAY] * len(keys))
    keys = planter.take(at_scale(NO_CUSTOMER, scale), further)
    planter.spoil("no_customer", keys, "customer_id", [""] * len(keys))
    planter.copy_rows("duplicate", list(planter.take(at_scale(COPIES, scale))), "use_id")
    return planter
