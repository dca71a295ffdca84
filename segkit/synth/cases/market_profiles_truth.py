"""What different ways of reading the needs survey find, measured against the planted needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from segkit.synth.draws import Draws

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
    groups = {name: clusters(draws, x, len(NEEDS)) for name, x in (("raw", raw), ("centred", within))}
    price, service = NEEDS.index("price"), NEEDS.index("service")
    above = (raw >= CUT).sum(axis=1)
    return {
        "respondents_told": len(told),
        "share": {k: round(float((need == i).mean()), 3) for i, k in enumerate(NEEDS)},
        "styles": {k: round(float((style == i).mean()), 3) for i, k in enumerate(STYLES)},
        "ari_raw_need": rand_index(need, groups["raw"]),
        "ari_raw_style": rand_index(style, groups["raw"]),
        "ari_centred_need": rand_index(need, groups["centred"]),
        "ari_centred_style": rand_index(style, groups["centred"]),
        "tied_highest": int(tied.sum()),
        "accuracy_untied": _share((first == need)[~tied]),
        "accuracy_first_column": _share(first == need),
        "accuracy_centred": _share(best == need),
        "price_share_first_column": _share(first == price),
        "price_share_centred": _share(best == price),
        "price_share_split": _share(split[:, price]),
        "none_above_cut": int((above == 0).sum()),
        "several_above_cut": int((above > 1).sum()),
        "service_above_cut_individuals": _share((raw[:, service] >= CUT)[~firm]),
        "service_above_cut_organisations": _share((raw[:, service] >= CUT)[firm]),
        "service_need_individuals": _share((best == service)[~firm]),
        "service_need_organisations": _share((best == service)[firm]),
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


def clusters(draws: Draws, x: np.ndarray, k: int) -> np.ndarray:
    """k-means (Lloyd 1982) from several random starts, the tightest kept; distances are rounded, so that the
    last bit moves nobody."""
    best, tightest = np.zeros(len(x), dtype=int), np.inf
    for _ in range(STARTS):
        centres = x[draws.some(len(x), k)]
        label = np.full(len(x), -1)
        for _ in range(100):
            distance = np.round(((x[:, None, :] - centres[None]) ** 2).sum(axis=2), 9)
            nearest = distance.argmin(axis=1)
            if (nearest == label).all():
                break
            label = nearest
            centres = np.array(
                [x[label == j].mean(axis=0) if (label == j).any() else centres[j] for j in range(k)]
            )
        total = round(float(distance.min(axis=1).sum()), 6)
        if total < tightest:
            best, tightest = label, total
    return best


def rand_index(a: np.ndarray, b: np.ndarray) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985): 0 as by chance, 1 the same groups."""
    table = pd.crosstab(a, b).to_numpy()

    def pairs(counts: np.ndarray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    rows, cols = pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = rows * cols / (len(a) * (len(a) - 1) / 2)
    return round((pairs(table) - expected) / ((rows + cols) / 2 - expected), 3)


def cramers_v(a: np.ndarray, b: np.ndarray) -> float:
    """Strength of association of two kinds, 0 to 1 (Cramér 1946)."""
    table = pd.crosstab(a, b).to_numpy(dtype=float)
    n = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / n
    chi2 = ((table - expected) ** 2 / expected).sum()
    return round(float(np.sqrt(chi2 / (n * (min(table.shape) - 1)))), 3)


def _share(yes: np.ndarray) -> float:
    return round(float(yes.mean()), 3)
