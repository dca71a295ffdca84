"""A tiny invented workbook with known minutes, for tests of the agenda."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

# heading, minutes, tags
Row = tuple[str, int, tuple[str, ...]]


def row(heading: str, minutes: int, *tags: str) -> Row:
    return heading, minutes, tags


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text.upper()}


def cell(id: str, source: str, kind: str = "markdown", tags: Sequence[str] = ()) -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": kind, "id": id, "metadata": {"tags": list(tags)}, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def write_notebook(path: Path, cells: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def lesson(root: Path, id: str, rows: Sequence[Row], *, case: bool = False) -> None:
    """A lesson or case of these sections in both languages; the heading cell of the n-th is ``s<n>``."""
    for lang, form in (("zh", "## {h}（{m} 分钟{o}）"), ("en", "## {h} ({m} min{o})")):
        cells = [cell("goal", f"# {id} 题目")]
        for number, (heading, minutes, tags) in enumerate(rows, 1):
            shown = heading if lang == "zh" else heading.upper()
            option = "" if "optional" not in tags else "，选做" if lang == "zh" else ", optional"
            cells.append(cell(f"s{number}", form.format(h=shown, m=minutes, o=option), tags=tags))
            cells.append(cell(f"c{number}", "segkit.charts.segments(x, lang=lang)", "code"))
        folder = root / "casestudies" / id / id if case else root / "notebooks" / f"{id}_thing"
        write_notebook(folder.with_name(f"{folder.name}.{lang}.ipynb"), cells)


def exercise(root: Path, id: str, minutes: int) -> None:
    for lang, stated in (("zh", f"**用时** {minutes} 分钟"), ("en", f"**Time** {minutes} min")):
        cells = [cell("goal", f"# {id} 题目\n\n{stated}"), cell("form", f'segkit.form("{id}")', "code")]
        write_notebook(root / "exercises" / f"{id}_thing.{lang}.ipynb", cells)


def course_file(
    root: Path,
    parts: Mapping[str, Mapping[str, Any]],
    courses: Sequence[Mapping[str, Any]],
    times: Mapping[str, Any] | None = None,
    **more: Any,
) -> Path:
    """course.yml in `root`; titles are made of the ids, minutes 30 where nothing is said."""
    whole = {id: {"title": words(f"题{id}"), "minutes": 30, **part} for id, part in parts.items()}
    content = {
        "times": dict(times or {}),
        "roles": {
            "sales": {
                "name": {"zh": "一线销售", "en": "front-line sales"},
                "about": words("卖"),
                "also": ["销售"],
            },
            "lead": {"name": {"zh": "主管", "en": "team lead"}, "about": words("带")},
            "consultant": {"name": {"zh": "顾问", "en": "consultant"}, "about": words("问")},
        },
        "parts": whole,
        "courses": [{"title": words("小课"), **course} for course in courses],
        **more,
    }
    root.mkdir(parents=True, exist_ok=True)
    path = root / "course.yml"
    path.write_text(
        yaml.safe_dump(json.loads(json.dumps(content)), allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return path


def small(root: Path) -> Path:
    """Two lessons (50 + 12 optional; 45, of which 8 for leads), a case of 30, an exercise of 20, an activity of 10.

    01 must, E01 core after its second section, 02 and the case core, `end` must; 03 has no notebook.
    """
    lesson(root, "01", [row("开头", 10), row("中段", 25), row("再进一步", 12, "optional"), row("带走", 15)])
    lesson(root, "02", [row("开头", 20), row("给主管", 8, "role-lead"), row("带走", 17)])
    lesson(root, "case", [row("情境", 18), row("带走", 12)], case=True)
    exercise(root, "E01", 20)
    parts: dict[str, dict[str, Any]] = {
        "01": {"kind": "lesson", "outcome": words("会界定")},
        "02": {"kind": "lesson", "after": ["01"], "outcome": words("会体检")},
        "03": {"kind": "lesson", "minutes": 55},
        "case": {"kind": "case"},
        "E01": {"kind": "exercise", "of": "01", "behind": "s2"},
        "E03": {"kind": "exercise", "of": "03"},
        "end": {"kind": "activity", "minutes": 10},
    }
    one = [
        {"id": "01", "need": "must"},
        {"id": "E01", "need": "core", "rank": 1},
        {"id": "02", "need": "core", "rank": 2},
        {"id": "03", "need": "core"},
        {"id": "E03", "need": "core"},
        {"id": "case", "need": {"sales": "optional", "lead": "core"}, "rank": 3},
        {"id": "end", "need": "must"},
    ]
    two = [dict(place) for place in one]
    two[2]["day"] = 2
    return course_file(root, parts, [{"days": 1, "parts": one}, {"days": 2, "parts": two}])
