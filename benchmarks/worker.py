"""One side of a comparison, in a process and, where versions clash, in an environment of its own.

``python worker.py MODULE`` imports a module of `sides` and then obeys lines of JSON like
``{"task": "rfm", "with": {"orders": "orders.parquet"}}``. It answers each with a line: seconds by the clock and
of the processor, the peak of its memory so far, and what the module's `facts` says of the result, which is
looked at after the clock was stopped. Needs nothing but the module's own imports.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any


def peak_mb() -> float | None:
    """The most memory this process has held, in MB; Linux tells, others do not."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def did(module: Any, order: dict[str, Any]) -> dict[str, Any]:
    task = getattr(module, order["task"])
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    result = task(**order.get("with", {}))
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_mb": peak_mb()}
    facts = getattr(module, "facts", None)
    return took | {"facts": facts(result) if facts and result is not None else None}


def main() -> None:
    # what a library prints must not stand among the answers
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    try:
        module = importlib.import_module(f"sides.{sys.argv[1]}")
        answers.write(json.dumps({"ready": True}) + "\n")
        for line in sys.stdin:
            answers.write(json.dumps(did(module, json.loads(line))) + "\n")
    except Exception as error:
        traceback.print_exc()
        answers.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")


if __name__ == "__main__":
    main()
