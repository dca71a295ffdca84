"""Why has this customer this label? The sentence of a scheme in short, for who makes the calls."""

from __future__ import annotations

import pandas as pd

from segkit.locale import Lang

# what stands between label, facts and change in every sentence of `Scheme.explain`
COLON: dict[Lang, str] = {"zh": "：", "en": ": "}
PAUSE: dict[Lang, str] = {"zh": "；", "en": "; "}
STOPS = "。. "


def in_short(reasons: pd.Series, labels: pd.Series, lang: Lang) -> pd.Series:
    """The facts alone: without the label, which has its own column, and without what would change it."""
    return pd.Series(
        [_facts(str(why), str(label), lang) for why, label in zip(reasons, labels, strict=True)],
        index=reasons.index,
        dtype="str",
    )


def _facts(why: str, label: str, lang: Lang) -> str:
    lead = f"{label}{COLON[lang]}"
    said = why.removeprefix(lead)
    facts, pause, _ = said.rpartition(PAUSE[lang])
    return (facts if pause and said != why else said).rstrip(STOPS)
