"""The names of the notebook a trainee works in (变量)."""

from __future__ import annotations

from typing import Any

# A front end may send what was typed and the press of a button through two threads of the kernel: seconds for what
# was typed last to arrive before the press is answered.
ON_ITS_WAY = 0.2


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
