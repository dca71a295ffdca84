"""Notebooks of a few cells, written as JupyterLab would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from segkit.workshop.notebooks import digest


def md(id: str, text: str, *tags: str, of: str | None = None) -> dict[str, Any]:
    """A markdown cell; `of` is the Chinese text that it translates."""
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if of is not None:
        metadata["segkit"] = {"zh": digest(of)}
    return {"cell_type": "markdown", "id": id, "metadata": metadata, "source": text}


def code(id: str, source: str, *tags: str, prints: str | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    outputs = [] if prints is None else [{"output_type": "stream", "name": "stdout", "text": prints}]
    count = None if prints is None else 1
    return {
        "cell_type": "code",
        "id": id,
        "metadata": metadata,
        "source": source,
        "outputs": outputs,
        "execution_count": count,
    }


def language(lang: str) -> dict[str, Any]:
    return code("language", f'import segkit\n\nlang = segkit.use("{lang}")', "lang-cell")


def save(path: Path, cells: list[dict[str, Any]], **noted: str) -> Path:
    lang = path.name.split(".")[-2]
    content = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "segkit": {"lang": lang, **noted},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def cells_of(path: Path) -> list[dict[str, Any]]:
    """The cells in a file, sources joined."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells]


def change(path: Path, id: str, **changed: Any) -> None:
    """Edit one cell of a file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    [cell] = [cell for cell in content["cells"] if cell["id"] == id]
    cell.update(changed)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def arrange(path: Path, order: list[str | dict[str, Any]]) -> None:
    """Give a file the cells of `order`: ids of its own, or new cells."""
    content = json.loads(path.read_text(encoding="utf-8"))
    by_id = {cell["id"]: cell for cell in content["cells"]}
    content["cells"] = [by_id[one] if isinstance(one, str) else one for one in order]
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


GOAL = "# 04 分级\n\n- 会算\n\n**用时** 20 分钟"
RULE = "## 先手算（12 分钟）\n\n5 位客户。"
CODE = "top = 2 + 1  # 前三位\nprint(top)"


def pair(folder: Path, name: str = "04_small") -> tuple[Path, Path]:
    """A pair in order: three texts, the language cell and one pinned output."""
    zh = [
        md("goal", GOAL),
        language("zh"),
        md("rule", RULE, "optional"),
        code("top", CODE, "nbval-check-output", prints="3\n"),
        md("line", "---"),
    ]
    en = [
        md("goal", "# 04 Grading\n\n- you can count\n\n**Time** 20 min", of=GOAL),
        language("en"),
        md("rule", "## By hand first (12 min)\n\n5 customers.", "optional", of=RULE),
        code("top", CODE, "nbval-check-output", prints="3\n"),
        md("line", "---", of="---"),
    ]
    return save(folder / f"{name}.zh.ipynb", zh), save(folder / f"{name}.en.ipynb", en)
