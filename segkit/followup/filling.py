"""Touches into days: who does what when, within the minutes there are, the caps and the distance between repeats.

Plain lists and integers, for this loop runs once a touch: a hundred thousand of them in well under a second.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segkit.followup.policy import PERSONAL, Caps

WINDOWS = (("day", 1), ("week", 7), ("month", 30))
NO_TIME, CAPPED, NO_MEMBER, LATER = "no_time", "capped", "no_member", "later"
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

    def opens(self, who: int, day: int, channel: str, marketing: bool) -> int:
        """`day` where this customer may be contacted on it, else a later day that may be tried next."""
        if channel in PERSONAL and day in self.spoken.get(who, ()):
            return day + 1
        had = self.marketing.get(who) if marketing else None
        if not had:
            return day
        opens = _opens(self._all, [d for d, _ in had], day)
        own = self._by_channel.get(channel)
        return opens if own is None else max(opens, _opens(own, [d for d, c in had if c == channel], day))

    def note(self, who: int, day: int, channel: str, marketing: bool) -> None:
        if marketing:
            insort(self.marketing[who], (day, channel))
        if channel in PERSONAL:
            self.spoken[who].add(day)


def _opens(limits: Sequence[tuple[int, int]], days: list[int], day: int) -> int:
    """The day itself where every window that holds it stays within its limit; `days` ascend."""
    for width, most in limits:
        low, high = bisect_left(days, day - width + 1), bisect_left(days, day + width)
        near = days[low:high]
        if len(near) < most:
            continue
        before = bisect_left(near, day + 1)
        if before >= most:  # full up to today: open when the first of the last `most` has left the window
            return near[before - most] + width
        both = sorted([*near, day])
        if any(both[i + most] - both[i] < width for i in range(len(both) - most)):
            return day + 1
    return day


@dataclass(frozen=True)
class Work:
    """What is to be placed, in the order in which it may choose.

    Arrays of one length: `who` the customer, `release` and `latest` the first and last position in the days,
    `minutes`, `member` the position of the named member or -1, `group` the position in `groups` of those who may do
    it, `channel`, `marketing`, `repeat` the key of a repeated touch or -1, `distance` the days to keep from its last
    one, `floor` whether it may use the time set aside for the floor.
    """

    who: np.ndarray
    release: np.ndarray
    latest: np.ndarray
    minutes: np.ndarray
    member: np.ndarray
    group: np.ndarray
    channel: np.ndarray
    marketing: np.ndarray
    repeat: np.ndarray
    distance: np.ndarray
    floor: np.ndarray


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
    floor_share: float,
) -> Placed:
    """Give every piece of work the first day with room, in the order given.

    Work for the floor stands first in the order and may use `floor_share` of each person's day; what finds no room
    there has its turn again after all others.

    Parameters
    ----------
    capacity : minutes by member and day
    groups : members by group
    days : day numbers of the working days
    """
    filler = _Filler(capacity, groups, days, diary, floor_share)
    columns = (work.who, work.release, work.latest, work.minutes, work.member, work.group)
    more = (work.channel, work.marketing, work.repeat, work.distance)
    rows = list(zip(*(column.tolist() for column in (*columns, *more)), strict=True))
    n = len(rows)
    day, member = np.full(n, -1), np.full(n, -1)
    reason = np.full(n, "", dtype=object)
    first = work.floor.tolist()
    again = []
    for i, row in enumerate(rows):
        day[i], member[i], reason[i] = filler.put(row, for_floor=first[i])
        if day[i] < 0 and first[i]:
            again.append(i)
    for i in again:
        day[i], member[i], reason[i] = filler.put(rows[i], for_floor=False)
    return Placed(day, member, reason, np.maximum(filler.free, 0.0))


class _Filler:
    """The minutes left, and who of the team has spoken to whom."""

    def __init__(
        self,
        capacity: np.ndarray,
        groups: Sequence[Sequence[int]],
        days: Sequence[int],
        diary: Diary,
        floor_share: float,
    ) -> None:
        self.free = capacity.astype("float64").copy()
        self.floor = floor_share * capacity.astype("float64")
        serves = Counter(member for group in groups for member in group)
        # who serves few groups is taken first, so that the others stay free for what only they can do
        self.serves = np.array([serves[m] for m in range(len(capacity))])
        self.groups = [list(group) for group in groups]
        self.days, self.diary = list(days), diary
        self.begins: dict[tuple[int, bool, float, bool], int] = {}  # no earlier day has room, nor will have
        self.with_whom: dict[int, int] = {}
        self.before: dict[int, int] = {}

    def put(self, row: tuple[Any, ...], *, for_floor: bool) -> tuple[int, int, str]:
        who, release, latest, _minutes, named, group, _channel, _marketing, repeat, distance = row
        start = release
        if repeat in self.before:
            earliest = self.before[repeat] + distance
            start = max(start, bisect_left(self.days, earliest))
        if start > latest:  # the one before it came so late that its own day is beyond the plan
            return -1, -1, LATER
        reason = NO_TIME
        known = named if named >= 0 else self.with_whom.get(who, -1)
        if known >= 0 and (named >= 0 or known in self.groups[group]):
            found, reason = self._day([known], known, True, row, start, for_floor)
            if found is not None:
                return self._take(*found, row, for_floor)
        if named >= 0:
            return -1, -1, reason
        members = self.groups[group]
        if not members:
            return -1, -1, NO_MEMBER
        found, reason = self._day(members, group, False, row, start, for_floor)
        return (-1, -1, reason) if found is None else self._take(*found, row, for_floor)

    def _day(
        self, members: list[int], key: int, alone: bool, row: tuple[Any, ...], start: int, for_floor: bool
    ) -> tuple[tuple[int, int] | None, str]:
        """The first day on which one of them has the minutes and the customer may be contacted."""
        who, _, latest, minutes, _, _group, channel, marketing, _, _ = row
        wanted, reason = minutes - _ROUNDING, NO_TIME
        pointer = (key, alone, minutes, for_floor)
        begins, end = self.begins.get(pointer, 0), len(self.days)
        while begins < end and self._free_one(members, begins, wanted, for_floor) < 0:
            begins += 1
        self.begins[pointer] = begins
        at = max(begins, start)
        while at <= latest:
            member = self._free_one(members, at, wanted, for_floor)
            if member >= 0:
                opens = self.diary.opens(who, self.days[at], channel, marketing)
                if opens == self.days[at]:
                    return (at, member), ""
                reason = CAPPED
                at = max(at + 1, bisect_left(self.days, opens))
            else:
                at += 1
        return None, reason

    def _free_one(self, members: list[int], day: int, wanted: float, for_floor: bool) -> int:
        """Who of them has the minutes on this day: the least flexible one, among equals who has most left; or -1."""
        if len(members) == 1:
            one = members[0]
            if for_floor and self.floor[one, day] < wanted:
                return -1
            return one if self.free[one, day] >= wanted else -1
        room = self.free[members, day]
        if for_floor:
            room = np.minimum(room, self.floor[members, day])
        able = room >= wanted
        if not able.any():
            return -1
        fewest = self.serves[members][able].min()
        room = np.where(able & (self.serves[members] == fewest), room, -1.0)
        return members[int(room.argmax())]

    def _take(self, day: int, member: int, row: tuple[Any, ...], for_floor: bool) -> tuple[int, int, str]:
        who, _, _, minutes, _, _, channel, marketing, repeat, _ = row
        self.free[member, day] -= minutes
        if for_floor:
            self.floor[member, day] -= minutes
        self.diary.note(who, self.days[day], channel, marketing)
        self.with_whom.setdefault(who, member)
        if repeat >= 0:
            self.before[repeat] = self.days[day]
        return day, member, ""


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
