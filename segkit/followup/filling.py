"""Touches into days: who does what when, within the minutes there are, the caps and the distance between repeats.

Plain lists and integers, for this loop runs once a touch: a hundred thousand of them in well under a second.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from segkit.followup.policy import PERSONAL, Caps

WINDOWS = (("day", 1), ("week", 7), ("month", 30))
NO_TIME, CAPPED, NO_MEMBER = "no_time", "capped", "no_member"
_ROUNDING = 1e-9  # minutes are added up as floats


@dataclass
class Diary:
    """When each customer is contacted: marketing by day, and days on which somebody speaks to them."""

    caps: Caps
    marketing: dict[int, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    spoken: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self._all = self._limits(self.caps)
        channels = self.caps.channels.items()
        self._by_channel: dict[str, list[tuple[int, int]]] = {c: self._limits(cap) for c, cap in channels}

    @staticmethod
    def _limits(cap: object) -> list[tuple[int, int]]:
        pairs = ((width, getattr(cap, name)) for name, width in WINDOWS)
        return [(width, most) for width, most in pairs if most is not None]

    def room(self, who: int, day: int, channel: str, marketing: bool) -> bool:
        """May this customer be contacted on that day?"""
        if channel in PERSONAL and day in self.spoken.get(who, ()):
            return False
        if not marketing:
            return True
        had = self.marketing.get(who)
        if not had:
            return True
        if not _within(self._all, [d for d, _ in had], day):
            return False
        own = self._by_channel.get(channel)
        return own is None or _within(own, [d for d, c in had if c == channel], day)

    def note(self, who: int, day: int, channel: str, marketing: bool) -> None:
        if marketing:
            insort(self.marketing[who], (day, channel))
        if channel in PERSONAL:
            self.spoken[who].add(day)


def _within(limits: Sequence[tuple[int, int]], days: list[int], day: int) -> bool:
    """Does every window that holds the new day stay within its limit?"""
    near = sorted([*days, day])
    for width, most in limits:
        for first in near:
            if first <= day < first + width and sum(first <= d < first + width for d in near) > most:
                return False
    return True


@dataclass(frozen=True)
class Work:
    """What is to be placed, in the order in which it may choose.

    Arrays of one length: `who` the customer, `release` the first position in the days, `minutes`, `team` the
    position of the named member or -1, `group` the position in `groups` of those who may do it, `channel`,
    `marketing`, `repeat` the key of a repeated touch or -1, `distance` the days to keep from its last one.
    """

    who: np.ndarray
    release: np.ndarray
    minutes: np.ndarray
    member: np.ndarray
    group: np.ndarray
    channel: np.ndarray
    marketing: np.ndarray
    repeat: np.ndarray
    distance: np.ndarray


@dataclass(frozen=True)
class Placed:
    """For each piece of work the position of its day and of its member, or -1 and the reason."""

    day: np.ndarray
    member: np.ndarray
    reason: np.ndarray
    free: np.ndarray  # members x days, minutes left


def place(
    work: Work,
    capacity: np.ndarray,
    groups: Sequence[Sequence[int]],
    days: Sequence[int],
    diary: Diary,
    *,
    reserve: np.ndarray | None = None,
    reserved_for: np.ndarray | None = None,
) -> Placed:
    """Give every piece of work the first day with room, in the order given.

    Parameters
    ----------
    capacity : minutes by member and day
    groups : members by group
    days : day numbers of the working days
    reserve, reserved_for : minutes by member that the work marked in `reserved_for` may take at most
    """
    free = capacity.astype("float64").copy()
    last, n_days = len(days), len(days)
    columns = (work.who, work.release, work.minutes, work.member, work.group)
    more = (work.channel, work.marketing, work.repeat, work.distance)
    first_with: dict[
        tuple[int, float], int
    ] = {}  # (member, minutes) -> no earlier day has room, nor will have
    group_first: dict[tuple[int, float], int] = {}
    with_whom: dict[int, int] = {}
    before: dict[int, int] = {}
    left = None if reserve is None else reserve.astype("float64").tolist()
    held_back = None if reserved_for is None else reserved_for.tolist()
    arrays = [np.asarray(group, dtype="int64") for group in groups]
    day_out = np.full(len(work.who), -1)
    member_out = np.full(len(work.who), -1)
    reason_out = np.full(len(work.who), "", dtype=object)
    rows = zip(*(column.tolist() for column in (*columns, *more)), strict=True)
    for i, (who, release, minutes, named, group, channel, marketing, repeat, distance) in enumerate(rows):
        start = release
        if repeat >= 0 and repeat in before:
            earliest = before[repeat] + distance
            while start < n_days and days[start] < earliest:
                start += 1
        fixed = named if named >= 0 else with_whom.get(who, -1)
        if fixed >= 0 and named < 0 and fixed not in groups[group]:
            fixed = -1
        reason = NO_TIME
        found = -1
        chosen = -1
        if fixed >= 0:
            key = (fixed, minutes)
            mine = free[fixed]
            at = first_with.get(key, 0)
            while at < n_days and mine[at] < minutes - _ROUNDING:
                at += 1
            first_with[key] = at
            for day in range(max(at, start), n_days):
                if mine[day] >= minutes - _ROUNDING:
                    if diary.room(who, days[day], channel, marketing):
                        found, chosen = day, fixed
                        break
                    reason = CAPPED
        elif not len(arrays[group]):
            reason = NO_MEMBER
        if found < 0 and named < 0 and len(arrays[group]):
            members = arrays[group]
            group_key = (group, minutes)
            at = group_first.get(group_key, 0)
            while at < n_days and free[members, at].max() < minutes - _ROUNDING:
                at += 1
            group_first[group_key] = at
            for day in range(max(at, start), n_days):
                room = free[members, day]
                best = int(room.argmax())
                if room[best] >= minutes - _ROUNDING:
                    if diary.room(who, days[day], channel, marketing):
                        found, chosen = day, int(members[best])
                        break
                    reason = CAPPED
        if found >= 0 and left is not None and held_back is not None and held_back[i]:
            if left[chosen] < minutes - _ROUNDING:
                found, reason = -1, NO_TIME
            else:
                left[chosen] -= minutes
        if start >= last:
            reason = NO_TIME
        if found < 0:
            reason_out[i] = reason
            continue
        free[chosen, found] -= minutes
        diary.note(who, days[found], channel, marketing)
        with_whom.setdefault(who, chosen)
        if repeat >= 0:
            before[repeat] = days[found]
        day_out[i], member_out[i] = found, chosen
    return Placed(day_out, member_out, reason_out, np.maximum(free, 0.0))


def earlier_first(
    day: np.ndarray, member: np.ndarray, minutes: np.ndarray, release: np.ndarray, rank: np.ndarray
) -> np.ndarray:
    """Swap days between tasks of one member that take equally long, so that the smaller rank comes first.

    The days and the minutes used on them stay as they are. Every day gets the best task that may begin by then:
    since each had one before, there always is one.
    """
    out = day.copy()
    order = np.lexsort((day, minutes, member))
    edges = np.flatnonzero((np.diff(member[order]) != 0) | (np.diff(minutes[order]) != 0)) + 1
    for block in np.split(order, edges):
        waiting = sorted(block.tolist(), key=lambda i: (release[i], rank[i]))
        open_: list[tuple[int, int]] = []
        at = 0
        for slot in day[block].tolist():  # ascending
            while at < len(waiting) and release[waiting[at]] <= slot:
                heapq.heappush(open_, (int(rank[waiting[at]]), waiting[at]))
                at += 1
            out[heapq.heappop(open_)[1]] = slot
    return out
