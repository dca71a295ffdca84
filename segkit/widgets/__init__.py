"""What a trainee moves with the mouse, each with a static twin. Looked up on first use: ipywidgets imports slowly."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {
    "rfm_cuts": "segkit.widgets.scoring",
    "abc_cuts": "segkit.widgets.shares",
    "segment_map": "segkit.widgets.map_editor",
    "capacity_load": "segkit.widgets.capacity",
    "uplift_size": "segkit.widgets.sizing",
    "definition_card": "segkit.widgets.definition_form",
    "report_wizard": "segkit.widgets.wizard",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'segkit.widgets' has no attribute {name!r}")
