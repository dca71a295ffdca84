"""Run a notebook as a reader would, away from its folder, and keep the outputs it promises.

A cell tagged ``nbval-check-output`` promises what it prints: `pin` stores it, tests and nbval compare it.
"""

from __future__ import annotations

import copy
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segkit.problems import InputProblems, Problem
from segkit.workshop.notebooks import (
    FOLDERS,
    PINNED,
    Cell,
    Notebook,
    cell_of,
    output_text,
    read_notebook,
    shown,
)

SECONDS = 120  # for one cell; the longest of a lesson takes a tenth of that
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_SAYS = re.compile(r"\w")


def run_notebook(notebook: Notebook, scratch: Path, *, seconds: int = SECONDS) -> Notebook:
    """The notebook after Run All, with every output. Runs in a copy of its folder below `scratch`.

    The kernel is this Python, answers go to ``scratch/answers``, and nothing is written beside the notebook.

    Parameters
    ----------
    scratch : a folder of its own
    seconds : time limit of one cell

    Raises
    ------
    InputProblems : a cell failed or took too long; with its id and the last line of the error
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError:
        raise InputProblems([Problem("pin.no_client", file=shown(notebook.path))]) from None

    content = nbformat.from_dict(copy.deepcopy(notebook.content))
    content["cells"] = [c for c in content["cells"] if c["cell_type"] != "code" or c["source"].strip()]
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    client = NotebookClient(
        content,
        timeout=seconds,
        kernel_name="python3",
        kernel_manager_class=_this_python(),
        resources={"metadata": {"path": str(_workplace(notebook.path, scratch))}},
        coalesce_streams=True,
        record_timing=False,
    )
    at: dict[str, str] = {}
    client.on_cell_execute = lambda cell, cell_index, **_: at.update(cell=cell["id"])
    try:
        client.execute(env=_environment(scratch))
    except CellExecutionError as fault:
        why = f"{fault.ename}: {fault.evalue}".strip().splitlines()[0]
        problem = Problem("pin.stopped", {"cell": at["cell"], "why": why}, file=shown(notebook.path))
        raise InputProblems([problem]) from None
    except (CellTimeoutError, DeadKernelError) as fault:
        id = "pin.too_long" if isinstance(fault, CellTimeoutError) else "pin.died"
        facts = {"cell": at.get("cell", "?"), "seconds": seconds}
        raise InputProblems([Problem(id, facts, file=shown(notebook.path))]) from None
    ran = {cell["id"]: cell_of(dict(cell)) for cell in content["cells"]}
    return notebook.but([ran.get(cell.id, cell) for cell in notebook.cells])


def pin(path: Path) -> bool:
    """Run the notebook at `path` and store what its pinned cells show; gives whether the file changed.

    A notebook without pinned cells is not run.

    Raises
    ------
    InputProblems : it cannot be read or does not run, or a pinned cell shows nothing that could be compared;
        the file is as it was
    """
    notebook = read_notebook(path)
    if not any(PINNED in cell.tags for cell in notebook.cells):
        return False
    with tempfile.TemporaryDirectory(prefix="segkit-pin-", ignore_cleanup_errors=True) as scratch:
        ran = run_notebook(notebook, Path(scratch))
    problems = [
        Problem("pin.vacuous", {"cell": cell.id}, file=shown(path))
        for cell in ran.cells
        if PINNED in cell.tags and vacuous(cell)
    ]
    if problems:
        raise InputProblems(problems)
    pairs = zip(notebook.cells, ran.cells, strict=True)
    before, after = notebook.bytes(), notebook.but(_stored(old, new) for old, new in pairs).bytes()
    if before != after:
        path.write_bytes(after)
    return before != after


def _stored(old: Cell, new: Cell) -> Cell:
    if PINNED not in old.tags or shows(old) == shows(new):
        return old
    return old.but(
        outputs=[dict(output) for output in new.outputs], execution_count=new.raw["execution_count"]
    )


def shows(cell: Cell) -> list[Any]:
    """What of a cell's outputs is compared: the texts, by kind; not pictures, counts and metadata."""
    return list(_shown(cell.outputs))


def _shown(outputs: list[dict[str, Any]]) -> Iterator[Any]:
    for output in outputs:
        if output["output_type"] == "stream":
            yield output["name"], _joined(output["text"])
        elif output["output_type"] == "error":
            yield "error", output["ename"], output["evalue"]
        else:
            yield {
                mime: _joined(value)
                for mime, value in sorted(output.get("data", {}).items())
                if mime.startswith("text/")
            }


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


def vacuous(cell: Cell) -> bool:
    """Could the stored output never tell a wrong result? No text in it, None, or an address in memory."""
    text = output_text(cell).strip()
    return not _SAYS.search(text) or text == "None" or bool(_ADDRESS.search(text))


# --- where and with what it runs -------------------------------------------------------------------


def _workplace(path: Path, scratch: Path) -> Path:
    """A copy of the notebook's folder, as deep below `scratch` as below the project, without notebooks."""
    folder = path.absolute().parent
    depth = next((i for i, part in enumerate(reversed(folder.parts), 1) if part in FOLDERS), 1)
    place = scratch.joinpath("run", *folder.parts[-depth:])
    leave = shutil.ignore_patterns("*.ipynb", ".*", "answers", "reports", "__pycache__")
    if folder.parts[-depth] in FOLDERS:
        shutil.copytree(folder, place, ignore=leave, dirs_exist_ok=True)
    place.mkdir(parents=True, exist_ok=True)
    return place


def _environment(scratch: Path) -> dict[str, str]:
    # the kernel draws inline by itself; a backend set outside would make it warn
    kept = {k: v for k, v in os.environ.items() if k not in ("MPLBACKEND", "PYTHONWARNINGS", "SEGKIT_DEBUG")}
    return kept | {
        "SEGKIT_ANSWERS": str(scratch / "answers"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _this_python() -> type:
    """A kernel manager for this very Python, whatever kernels are installed on the machine."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    class Specs(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            encrypted = {"supported_encryption": "curve"}
            return KernelSpec(argv=argv, display_name="Python 3", language="python", metadata=encrypted)

    class Manager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _specs(self) -> KernelSpecManager:
            return Specs(parent=self)

        @default("transport_encryption")
        def _encryption(self) -> str:
            return "auto"

    return Manager
