"""What a trainee moves with the mouse, each with a static twin. Looked up on first use: ipywidgets imports slowly."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'segkit.widgets' has no attribute {name!r}")
