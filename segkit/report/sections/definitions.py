"""Definitions and provenance: what each number means, and which files and versions it was made from."""

from __future__ import annotations

from segkit.report.model import Bullets, Sheet, Text
from segkit.report.study import Head, Shown, Study

DEFINED = (
    "customer",
    "buyer",
    "amount",
    "frequency",
    "recency",
    "aov",
    "segments",
    "prospect",
    "quality",
    "sample_parameter",
)


def definitions(study: Study) -> Shown:
    """Definitions (口径) in words, then the files with their fingerprints and the versions used."""
    words = [study.say(f"definition.{id}") for id in DEFINED]
    return study.add("definitions", [Bullets(items=words), _files(study), _versions(study)])


def _files(study: Study) -> Sheet:
    head: list[Head] = [
        ("file", study.say("head.file"), "text"),
        ("sheet", study.say("head.sheet"), "text"),
        ("rows", study.say("head.rows"), "count"),
        ("encoding", study.say("head.encoding"), "text"),
        ("sha256", study.say("head.sha256"), "id"),
    ]
    rows = [
        [s["file"], s["sheet"] or "", s["rows"], s["encoding"] or "", s["sha256"][:16]]
        for s in study.intake["sources"]
    ]
    title = study.say("report.files", n=len({s["file"] for s in study.intake["sources"]}))
    return study.table("files", title, head, rows, n=sum(s["rows"] for s in study.intake["sources"]))


def _versions(study: Study) -> Text:
    versions = study.model.provenance.versions
    return Text(
        text=study.say("report.versions", list=[f"{k} {v}" for k, v in versions.items()]), role="note"
    )
