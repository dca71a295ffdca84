"""The analysis notebook, run by papermill in a kernel of our own while the intake is still going on."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from importlib import resources
from pathlib import Path
from typing import Any

from segkit.locale import Lang
from segkit.problems import InputProblems, SegkitError
from segkit.report.analysis import STOPPED
from segkit.report.clean_tables import PROBLEMS, told


class NotebookFailed(SegkitError):
    """The analysis notebook stopped: a fault of ours, with the message of the cell that failed."""


def client_report() -> Path:
    return Path(str(resources.files("segkit.report").joinpath("client_report.ipynb")))


class Analysis(threading.Thread):
    """Runs the notebook while the intake is still going on; its kernel waits for the tables."""

    def __init__(self, notebook: Path, run: Path, lang: Lang) -> None:
        super().__init__(daemon=True)
        self.notebook, self.run_folder, self.lang = notebook, run, lang
        self.output = run / "report.ipynb"
        self.fault: Exception | None = None

    def run(self) -> None:
        import papermill
        from traitlets.config import Config as Traits

        try:
            with _Kernel():
                papermill.execute_notebook(
                    str(self.notebook),
                    str(self.output),
                    parameters={"lang": self.lang, "run": str(self.run_folder)},
                    kernel_name="python3",
                    progress_bar=False,
                    log_output=False,
                    cwd=str(self.run_folder),
                    shutdown_kernel="immediate",
                    config=Traits({"KernelManager": {"transport_encryption": "auto"}}),
                )
        except Exception as fault:  # told to the caller by wait()
            self.fault = fault

    def stop(self) -> None:
        """There will be no tables: let the kernel go before its folder does."""
        if self.is_alive():
            (self.run_folder / STOPPED).touch()
            self.join()

    def wait(self) -> None:
        self.join()
        if problems := told(self.run_folder / PROBLEMS):
            raise InputProblems(problems)
        if self.fault is not None:
            wrong = getattr(self.fault, "evalue", "") or str(self.fault)
            raise NotebookFailed(
                f"{getattr(self.fault, 'ename', type(self.fault).__name__)}: {wrong}"
            ) from None


class _Kernel:
    """A kernelspec of our own first in line, so that a python3 kernel installed elsewhere is not taken for it."""

    def __enter__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="segkit-kernel-")
        spec = Path(self.folder) / "kernels" / "python3"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        encrypted = {"supported_encryption": "curve"}
        text = json.dumps(
            {"argv": argv, "display_name": "Python 3", "language": "python", "metadata": encrypted}
        )
        (spec / "kernel.json").write_text(text, encoding="utf-8")
        self.before = os.environ.get("JUPYTER_PATH")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [self.folder, self.before]))

    def __exit__(self, *_: Any) -> None:
        if self.before is None:
            os.environ.pop("JUPYTER_PATH", None)
        else:
            os.environ["JUPYTER_PATH"] = self.before
        shutil.rmtree(self.folder, ignore_errors=True)
