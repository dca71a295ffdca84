"""Who looks after which firm: neighbouring cities make a route, and a rep has one stretch of it.

A rep can then see the firms of one day on site: they lie in one city or in two that border on each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segkit.synth.draws import Draws, quota

VETERANS = ("ninety", "idle", "member")  # held since before the quarter, so not by somebody hired just before


@dataclass
class Stretches:
    """The cities (route, stop) of each rep, and how many records each has been given."""

    staff: pd.DataFrame
    cities: dict[int, set[tuple[int, int]]] = field(default_factory=dict)
    load: dict[int, int] = field(default_factory=dict)

    def fits(self, rep: int, route: int, stop: int) -> bool:
        """Whether all cities of the rep, and this one, are one city or two neighbours."""
        mine = self.cities.get(rep, set()) | {(route, stop)}
        stops = [s for _, s in mine]
        return len({r for r, _ in mine}) == 1 and max(stops) - min(stops) <= 1

    def give(self, rep: int, route: int, stop: int) -> int:
        """Note a firm of this city with the rep."""
        if self.fits(rep, route, stop):
            self.cities.setdefault(rep, set()).add((route, stop))
        self.load[rep] = self.load.get(rep, 0) + 1
        return rep

    def nearest(self, may: list[int], route: int, stop: int) -> int:
        """Of these reps the one this city fits, failing that one of the route; the least busy of them."""

        def far(rep: int) -> tuple[bool, bool, int]:
            own = self.cities.get(rep, set())
            return not self.fits(rep, route, stop), all(r != route for r, _ in own), self.load.get(rep, 0)

        return min(may, key=far)


def owners(draws: Draws, frame: pd.DataFrame, staff: pd.DataFrame) -> tuple[np.ndarray, Stretches]:
    """The rep of each record (no second records yet), and the stretch of each rep."""
    owner = np.full(len(frame), -1)
    stretches = Stretches(staff)
    turn = draws.uniform(len(frame))
    territory, group = frame["territory"].to_numpy(), frame["group"].to_numpy()
    kind = np.where(frame["fate"] == "ninety", "ninety", group)
    honest = (~staff["fake"]).to_numpy()
    for place in dict.fromkeys(staff["territory"]):
        here = (staff["territory"] == place).to_numpy()
        there = np.flatnonzero((kind == "worked") & (territory == place))
        team = draws.some(np.flatnonzero(here & honest), int((here & honest).sum()))
        for rep, firms in _cut(frame, there, team, turn):
            owner[firms] = rep
            for firm in firms:
                stretches.give(int(rep), int(frame.at[firm, "route"]), int(frame.at[firm, "stop"]))
        false = np.flatnonzero((kind == "faked") & (territory == place))
        if len(false):
            liars = np.flatnonzero(here & ~honest)
            owner[false] = liars[draws.dealt([1.0] * len(liars), len(false))]
        veterans = [int(r) for r in team if not staff["newcomer"].iloc[r]]
        for name in VETERANS:
            stretches.load = {}
            rest = np.flatnonzero((kind == name) & (territory == place))
            for firm in rest[np.argsort(turn[rest], kind="stable")]:
                route, stop = int(frame.at[firm, "route"]), int(frame.at[firm, "stop"])
                owner[firm] = stretches.give(stretches.nearest(veterans, route, stop), route, stop)
    return owner, stretches


def _cut(
    frame: pd.DataFrame, firms: np.ndarray, team: np.ndarray, turn: np.ndarray
) -> list[tuple[int, np.ndarray]]:
    """The firms of a team laid out along its routes and cut into equal stretches, one for each rep."""
    route, stop = frame["route"].to_numpy()[firms], frame["stop"].to_numpy()[firms]
    along = firms[np.lexsort((turn[firms], stop, route))]
    routes, size = np.unique(route, return_counts=True)
    if len(team) < len(routes):
        parts, reps = [along], [len(team)]
    else:
        parts = np.split(along, np.cumsum(size)[:-1])
        reps = list(1 + quota(size, len(team) - len(routes)))
    out: list[tuple[int, np.ndarray]] = []
    for part, own in zip(parts, np.split(team, np.cumsum(reps)[:-1]), strict=True):
        ends = np.cumsum(quota(np.ones(len(own)), len(part)))[:-1]
        out += list(zip(map(int, own), np.split(part, ends), strict=True))
    return out


def twins(draws: Draws, frame: pd.DataFrame, stretches: Stretches, n: int) -> pd.DataFrame:
    """撞单: the same firm again, entered by another rep of the region under a name spelled differently."""
    active = frame.index[frame["fate"] == "active"].to_numpy()
    staff = stretches.staff
    honest = [int(r) for r in np.flatnonzero(~staff["fake"])]
    stretches.load = {}
    chosen: list[int] = []
    second: list[int] = []
    for strict in (True, False):  # where no other rep is near, one from elsewhere, who telephones
        for firm in draws.some(active, len(active)):
            city = int(frame.at[firm, "route"]), int(frame.at[firm, "stop"])
            may = [r for r in honest if r != frame.at[firm, "owner"]]
            may = [r for r in may if stretches.fits(r, *city)] if strict else may
            if len(chosen) < n and may and firm not in chosen:
                chosen.append(int(firm))
                second.append(stretches.give(stretches.nearest(may, *city), *city))
    out = frame.loc[chosen].copy()
    out["first"], out["group"], out["owner"] = out.index, "second", second
    return out


def off_route(
    firms: pd.DataFrame, entries: pd.DataFrame, on_site: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Which of the visits meant on site lie off the cities a rep can see that day, so that he telephones.

    He goes to the one or two neighbouring cities where most, by `weight`, is to be done.
    """
    there = entries[["rep", "day", "firm"]][on_site & (entries["firm"] >= 0).to_numpy()]
    there = there.assign(
        route=firms["route"].reindex(there["firm"]).to_numpy(),
        stop=firms["stop"].reindex(there["firm"]).to_numpy(),
        weight=weight[there.index],
    )
    off = np.zeros(len(entries), dtype=bool)
    for _, day in there.groupby(["rep", "day"]):
        if day["route"].nunique() == 1 and day["stop"].max() - day["stop"].min() <= 1:
            continue
        best, most = None, -1.0
        for route, stop in sorted(set(zip(day["route"], day["stop"], strict=True))):
            inside = (day["route"] == route) & day["stop"].between(stop, stop + 1)
            if day.loc[inside, "weight"].sum() > most:
                best, most = inside, float(day.loc[inside, "weight"].sum())
        assert best is not None
        off[day.index[~best]] = True
    return off
