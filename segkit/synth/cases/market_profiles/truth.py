"""What different ways of reading the needs survey find, measured against the planted needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.draws import Draws
from segkit.synth.measures import adjusted_rand, kmeans, share

NEEDS = ("price", "quality", "service", "brand", "channel")
STYLES = ("high", "middle", "low")  # 打分习惯: level of all scores: high, in between, low
CUT = 4  # the naive rule calls an item important from here on
STARTS = 20


def needs_facts(draws: Draws, told: pd.DataFrame) -> dict[str, Any]:
    """How well the planted needs come back from raw scores, from highest scores, from centred scores.

    `told`: the respondents whose answers can be used, without straight lines and scores off the scale.
    """
    raw = told[[f"importance_{need}" for need in NEEDS]].to_numpy(dtype=float)
    need = told["need"].map(NEEDS.index).to_numpy()
    style = told["style"].map(STYLES.index).to_numpy()
    firm = told["firm"].to_numpy()
    within = raw - raw.mean(axis=1, keepdims=True)
    centred = np.round(within - within.mean(axis=0), 9)
    top = raw == raw.max(axis=1, keepdims=True)
    tied = top.sum(axis=1) > 1
    split = top / top.sum(axis=1, keepdims=True)
    first, best = raw.argmax(axis=1), centred.argmax(axis=1)
    groups = {
        name: kmeans(x, [x[draws.some(len(x), len(NEEDS))] for _ in range(STARTS)])
        for name, x in (("raw", raw), ("centred", within))
    }
    price, service = NEEDS.index("price"), NEEDS.index("service")
    above = (raw >= CUT).sum(axis=1)
    return {
        "respondents_told": len(told),
        "share": {k: share(need == i, 3) for i, k in enumerate(NEEDS)},
        "styles": {k: share(style == i, 3) for i, k in enumerate(STYLES)},
        "ari_raw_need": adjusted_rand(need, groups["raw"]),
        "ari_raw_style": adjusted_rand(style, groups["raw"]),
        "ari_centred_need": adjusted_rand(need, groups["centred"]),
        "ari_centred_style": adjusted_rand(style, groups["centred"]),
        "tied_highest": int(tied.sum()),
        "accuracy_untied": share((first == need)[~tied], 3),
        "accuracy_first_column": share(first == need, 3),
        "accuracy_centred": share(best == need, 3),
        "price_share_first_column": share(first == price, 3),
        "price_share_centred": share(best == price, 3),
        "price_share_split": share(split[:, price], 3),
        "none_above_cut": int((above == 0).sum()),
        "several_above_cut": int((above > 1).sum()),
        "service_above_cut_individuals": share((raw[:, service] >= CUT)[~firm], 3),
        "service_above_cut_organisations": share((raw[:, service] >= CUT)[firm], 3),
        "service_need_individuals": share((best == service)[~firm], 3),
        "service_need_organisations": share((best == service)[firm], 3),
        "growth": _growth(told, best),
        "cramers_v_true": cramers_v(firm, need),
        "cramers_v_centred": cramers_v(firm, best),
        "cramers_v_above_cut": cramers_v(firm, raw[:, service] >= CUT),
    }


def _growth(told: pd.DataFrame, found: np.ndarray) -> dict[str, float]:
    """Growth of the spending of all with the same need, as recovered, from 2024 to 2025."""
    sums = told.groupby(found)[["spend_2024", "spend_2025"]].sum()
    return {k: round(float(sums.at[i, "spend_2025"] / sums.at[i, "spend_2024"] - 1), 3)
            for i, k in enumerate(NEEDS) if i in sums.index}  # fmt: skip


def cramers_v(a: np.ndarray, b: np.ndarray) -> float:
    """Strength of association of two kinds, 0 to 1 (Cramér 1946)."""
    table = pd.crosstab(a, b).to_numpy(dtype=float)
    n = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / n
    chi2 = ((table - expected) ** 2 / expected).sum()
    return round(float(np.sqrt(chi2 / (n * (min(table.shape) - 1)))), 3)
