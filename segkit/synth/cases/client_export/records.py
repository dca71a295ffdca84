"""The customers of the invented client as they truly are, the people registered twice, and the test rows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from segkit.synth.calendar import AS_OF, days_from
from segkit.synth.dictionary import columns
from segkit.synth.draws import Draws
from segkit.synth.people import Firm, Invented, numbered

CASE = "client_export"
TABLE = "customers"
SPELLINGS = ("blank", "bracket", "suffix")


def records(draws: Draws, invented: Invented, *, customers: int, twins: int, tests: int) -> pd.DataFrame:
    """Everyone in the client's system, numbered in order of registration.

    Returns
    -------
    One row per id: the columns of the export (dates as dates, amounts as floats, blanks as ""), and
    `kind` (customer | twin | test) and `person` (the id this person has as a customer).
    """
    owners, originals = _customers(draws, invented, customers)
    second = _twins(draws, invented, originals, owners, twins)
    trial = _tests(draws, invented, originals, tests)
    everyone = pd.concat([originals, second, trial], ignore_index=True)
    turn = np.argsort([d.toordinal() for d in everyone["register_date"]], kind="stable")
    everyone = everyone.iloc[turn].reset_index(drop=True)
    everyone.insert(0, "customer_id", numbered("KH", len(everyone), width=5))
    return _with_mailboxes(everyone)


def _customers(draws: Draws, invented: Invented, n: int) -> tuple[list[str], pd.DataFrame]:
    """The salespeople, and `n` customers without any defect."""
    spec, names = columns(CASE, TABLE), invented.names
    people = invented.people(n + 8)
    owners, contacts = people[:8], people[8:]
    firm = draws.chance(0.8, n)
    firms: list[Firm | None] = [None] * n
    for at, made in zip(np.flatnonzero(firm), invented.firms(int(firm.sum())), strict=True):
        firms[at] = made
    places = invented.places(n)
    buyer, tenure, frequency, monetary, since = _purchases(draws, firm)
    consent = draws.choice([0.72, 0.18, 0.10], n)  # yes, no, not asked
    size = spec["company_size"].drawn(names, draws, [0.5, 0.4, 0.1], n)
    contacted = np.minimum(draws.integers(0, 119, n), since)
    frame = pd.DataFrame(
        {
            "name": [f.name if f else contact for f, contact in zip(firms, contacts, strict=True)],
            "contact": contacts,
            "phone": invented.phones(n),
            "email": np.where(draws.chance(0.85, n), "known", ""),
            "customer_type": np.where(firm, *spec["customer_type"].values(names)),
            "industry": [f.industry if f else "" for f in firms],
            "company_size": np.where(firm, size, ""),
            "province": [p for p, _ in places],
            "city": [c for _, c in places],
            "channel": spec["channel"].drawn(names, draws, [0.25, 0.2, 0.2, 0.2, 0.15], n),
            "register_date": days_from(AS_OF, -tenure),
            "last_contact": days_from(AS_OF, -contacted),
            "last_order": days_from(AS_OF, -since),
            "frequency": frequency,
            "monetary": monetary,
            "category": spec["category"].drawn(names, draws, [0.25, 0.2, 0.2, 0.13, 0.12, 0.1], n),
            "payment_days": np.array([0, 30, 60, 90])[draws.choice([0.5, 0.3, 0.15, 0.05], n)],
            "grade": _grades(draws, monetary, buyer),
            "owner": draws.pick(owners, n),
            "consent_marketing": np.array([*spec["consent_marketing"].values(names), ""])[consent],
            "opt_out_channels": _opt_outs(draws, spec["opt_out_channels"].values(names), invented, consent),
            "tags": "",
            "note": np.where(draws.chance(0.3, n), draws.pick(invented.words(CASE, "notes"), n), ""),
        }
    ).astype(object)
    frame["firm"], frame["kind"], frame["origin"] = firms, "customer", range(n)
    for column in ("last_order", "category", "payment_days"):
        frame.loc[~buyer, column] = ""
    frame["tags"] = _tags(draws, spec["tags"].values(names), frame, consent)
    return owners, frame


def _purchases(draws: Draws, firm: np.ndarray) -> tuple[np.ndarray, ...]:
    """Buyer or not, days a customer, orders, spend, days since the last order (示例参数)."""
    n = len(firm)
    buyer = draws.chance(0.93, n)
    tenure = draws.integers(30, 1500, n)
    rate = draws.gamma(1.1, 140.0, n)  # orders a day
    frequency = np.where(buyer, 1 + np.floor(rate * tenure).astype(int), 0)
    value = draws.gamma(2.5, 1.0, n) * draws.gamma(3.0, 3.0, n) * np.where(firm, 1600.0, 400.0) + 60.0
    monetary = np.where(buyer, np.round(frequency * np.round(value, 2), 2), 0.0)
    # the last of k orders spread evenly over the tenure
    since = np.floor(tenure * (1 - draws.uniform(n) ** (1.0 / (1 + frequency)))).astype(int)
    return buyer, tenure, frequency, monetary, since


def _grades(draws: Draws, monetary: np.ndarray, buyer: np.ndarray) -> np.ndarray:
    """Grades as sales judge: by spend (A 15 %, B 30 %, C 35 % of buyers), one in eight a step off."""
    rank = np.argsort(np.argsort(-monetary, kind="stable"), kind="stable") / max(1, buyer.sum())
    step = np.searchsorted([0.15, 0.45, 0.80], rank, side="right")
    off = np.where(draws.chance(0.5, len(monetary)), 1, -1)
    slip = np.where(draws.chance(0.125, len(monetary)), off, 0)
    return np.where(buyer, np.array(list("ABCD"))[np.clip(step + slip, 0, 3)], "D")


def _opt_outs(draws: Draws, words: list[str], invented: Invented, consent: np.ndarray) -> np.ndarray:
    """Six of ten who refused marketing name channels; 4 % of those who agreed do not want e-mail."""
    sms, phone, email, every = words
    both = sms + ("、" if invented.names == "zh" else ", ") + phone
    n = len(consent)
    named = np.array([sms, phone, both, every], dtype=object)[draws.choice([0.5, 0.2, 0.1, 0.2], n)]
    some = draws.uniform(n)
    return np.where((consent == 1) & (some < 0.6), named, np.where((consent == 0) & (some < 0.04), email, ""))


def _tags(draws: Draws, words: list[str], frame: pd.DataFrame, consent: np.ndarray) -> np.ndarray:
    """The marketing list holds only customers who agreed and refused no channel."""
    regular, follow, marketing = words
    u = draws.uniform(len(frame))
    may = (consent == 0) & (frame["opt_out_channels"] == "").to_numpy()
    often = frame["frequency"].to_numpy(dtype=int) >= 4
    return np.select([may & (u < 0.3), often & (u < 0.7), u > 0.92], [marketing, regular, follow], "")


def _twins(
    draws: Draws, invented: Invented, customers: pd.DataFrame, owners: list[str], n: int
) -> pd.DataFrame:
    """Firms registered a second time, later, spelled differently, with purchases of their own."""
    early = customers["register_date"].map(lambda d: d < AS_OF - dt.timedelta(60))
    eligible = customers.index[customers["firm"].notna() & (customers["frequency"] > 0) & early]
    twins = customers.loc[draws.some(eligible.to_numpy(), n)].reset_index(drop=True)
    twins["name"] = [f.spelled(SPELLINGS[i % 3]) for i, f in enumerate(twins["firm"])]
    # four of five twins share the phone, the fifth only e-mail, contact and city
    other = np.arange(n) % 5 == 4
    twins.loc[other, "phone"] = invented.phones(int(other.sum()))
    twins.loc[other, "email"] = "known"
    span = np.array([(AS_OF - d).days for d in twins["register_date"]])
    age = 1 + np.floor(draws.uniform(n) * (span - 2)).astype(int)
    since = np.floor(draws.uniform(n) * age).astype(int)
    twins["register_date"], twins["last_order"] = days_from(AS_OF, -age), days_from(AS_OF, -since)
    twins["last_contact"] = days_from(AS_OF, -np.minimum(since, 20))
    twins["frequency"] = draws.integers(1, 3, n)
    twins["monetary"] = np.round(200 + draws.uniform(n) * 6000, 2)
    twins["owner"], twins["note"], twins["kind"] = draws.pick(owners, n), "", "twin"
    return twins


def _tests(draws: Draws, invented: Invented, customers: pd.DataFrame, n: int) -> pd.DataFrame:
    """Rows someone typed in to try the system: a test name and one yuan."""
    firms = customers.index[customers["firm"].notna()].to_numpy()
    tests = customers.loc[draws.some(firms, n)].reset_index(drop=True)
    words = invented.words(CASE, "tests")
    tests["name"] = tests["contact"] = [words[i % len(words)] for i in range(n)]
    tests["phone"] = invented.phones(n)
    tests["last_order"] = tests["last_contact"] = tests["register_date"]
    tests["frequency"], tests["monetary"] = 1, 1.0
    for column in ("email", "note", "tags"):
        tests[column] = ""
    tests["kind"], tests["origin"] = "test", -1
    return tests


def _with_mailboxes(everyone: pd.DataFrame) -> pd.DataFrame:
    """Add `person`, and an e-mail made of the person's id wherever one is known."""
    own = everyone[everyone["kind"] == "customer"].set_index("origin")["customer_id"]
    person = everyone["origin"].map(own)
    everyone["person"] = person.where(everyone["kind"] != "test", everyone["customer_id"])
    # a twin known by its e-mail alone can be seen only if the customer shows the same
    twins = everyone[(everyone["kind"] == "twin") & (everyone["email"] != "")]
    known = (everyone["email"] != "") | everyone["customer_id"].isin(twins["person"])
    everyone["email"] = (everyone["person"].str.lower() + "@example.com").where(known, "")
    return everyone.drop(columns=["firm", "origin"])
