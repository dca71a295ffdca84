"""The names of the notebook a trainee works in (变量)."""

from __future__ import annotations

from typing import Any


def notebook_names() -> dict[str, Any]:
    """The notebook's own names, to be read and written; an empty dict outside a notebook."""
    shell = _shell()
    return {} if shell is None else shell.user_ns


def in_notebook() -> bool:
    """Is there a front end that shows widgets?"""
    return getattr(_shell(), "kernel", None) is not None


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()
