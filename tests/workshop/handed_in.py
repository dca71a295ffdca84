"""Notebooks as a class hands them in, made from the committed stub and solution of an exercise."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Notebook = dict[str, Any]


def committed(name: str, *, solution: bool = False) -> Notebook:
    folder = ROOT / "exercises" / ("solutions" if solution else "")
    return dict(json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8")))


def by(name: str, notebook: Notebook, group: str = "一组") -> Notebook:
    """The same notebook with its person named in code."""
    return with_cell(notebook, "me", f'segkit.me("{name}", "{group}")')


def with_cell(notebook: Notebook, id: str, source: str) -> Notebook:
    changed = copy.deepcopy(notebook)
    for cell in changed["cells"]:
        if cell.get("id") == id:
            cell["source"] = source
    return changed


def without_cell(notebook: Notebook, id: str) -> Notebook:
    changed = copy.deepcopy(notebook)
    changed["cells"] = [cell for cell in changed["cells"] if cell.get("id") != id]
    return changed


def without_metadata(notebook: Notebook) -> Notebook:
    """As some upload forms leave it: no metadata, no ids, no outputs."""
    changed = copy.deepcopy(notebook)
    changed["metadata"] = {}
    for cell in changed["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    return changed


def save(notebook: Notebook, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    return path
