"""What an engine says when it fails, as one problem with the line that tells why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from segkit.problems import Problem

MADE_BY = {"duckdb", "_duckdb", "polars", "pyo3_runtime", "pyspark", "py4j", "grpc", "pyarrow", "narwhals"}
# what the words of a fault tell -> the sentence; the first that fits
TELLS = {
    "engine.out_of_memory": r"out ?of ?memory|heap space|failed to allocate",
    "engine.no_space": r"no space left|disk (is )?full|not enough space",
    "engine.damaged": r"magic (bytes|number)|too small to be a parquet|out of specification|read footer|corrupt",
    "engine.not_utf8": r"not utf-8|invalid (utf-?8|unicode)",
}
FAR = (
    r"httpfs|extension|no files found|sending request|\bdns\b|connect|resolve|UnknownHost|FileSystem"
    r"|object_store|credential|forbidden|denied|\b40[134]\b|timed? ?out|NoSuchBucket|region"
)
# lines that only lead up to the fault, and those after which only advice follows
LEADS_UP = re.compile(
    r"at |\.\.\. \d|An error occurred while calling|Original Line|Caused by:$|Exception in thread"
)
ADVICE = re.compile(
    r"Possible |You might |Column .* is being converted|This type was auto|Candidate|For more info|The search space"
    r"|If you are |The current offset|file = |Original error|See also|Driver stacktrace|JVM stacktrace"
)
JAVA_CLASS = re.compile(r"^[:\s]*(?:Caused by: )?(?:[\w$]+\.){2,}[\w$]+: ")
FILE = re.compile(
    r'[Ff]ile:? [\'"]([^\'"\n]+)[\'"]|^\s*file = (.+)$|file (file:\S+?)\.?(?=\s|$)', re.MULTILINE
)


def of_an_engine(fault: BaseException) -> bool:
    """Is it the engine's, or one that reading a file may raise, rather than a mistake of this package?"""
    rooms = {kind.__module__.split(".")[0] for kind in type(fault).__mro__}
    return bool(rooms & MADE_BY) or isinstance(fault, (OSError, MemoryError))


def told(engine: str, paths: Sequence[str], fault: BaseException) -> Problem:
    """The sentence that fits the fault, with its useful line, and the file where the fault names one."""
    words = str(fault) or type(fault).__name__
    named = FILE.search(words)
    file = Path(next(filter(None, named.groups()))).name if named else None
    far = [path for path in paths if "://" in path]
    id = next(
        (id for id, tell in TELLS.items() if re.search(tell, words, re.IGNORECASE)), "engine.unreadable"
    )
    if id == "engine.unreadable" and far and re.search(FAR, words, re.IGNORECASE):
        id = "engine.unreachable"
    names = [path if "://" in path else Path(path).name for path in (far or paths)]
    few = names if len(names) < 4 else [*names[:2], "…", names[-1]]
    return Problem(id, {"engine": engine, "files": [file] if file else few, "why": useful(fault)})


def useful(fault: BaseException) -> str:
    """The lines of a fault that say why, without those of the call stack and without advice to programmers."""
    words = str(fault).strip() or type(fault).__name__
    lines = [line.strip() for line in words.splitlines()]
    java = [line for line in lines if JAVA_CLASS.match(line)]
    if java:  # what Spark itself says of it, and the deepest cause
        own = next((line for line in java if ": [" in line), java[-1])
        return " ".join(JAVA_CLASS.sub("", line) for line in dict.fromkeys([own, java[-1]]))[:300]
    kept: list[str] = []
    for line in lines:
        if ADVICE.match(line) and kept:
            break
        if line and not LEADS_UP.match(line):
            kept.append(line)
    return " ".join(kept[:4])[:300] or words.splitlines()[0][:300]
