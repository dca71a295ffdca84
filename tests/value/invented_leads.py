"""Leads whose success has known causes, and what `fit` says against them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from segkit import Propensity
from segkit.problems import InputProblems

COLUMNS = ("app", "channel", "balance")


def leads_of(n: int = 3000, seed: int = 0, base: float = -2.0) -> pd.DataFrame:
    """Leads whose success depends on the app (+1.0) and the channel (referral +0.8), not on the balance."""
    rng = np.random.default_rng(seed)
    app = rng.integers(0, 2, n)
    channel = rng.choice(["web", "phone", "referral"], n, p=[0.5, 0.3, 0.2])
    odds = base + 1.0 * app + 0.8 * (channel == "referral")
    won = (rng.random(n) < expit(odds)).astype(int)
    balance = np.exp(rng.normal(2, 1, n))
    return pd.DataFrame(
        {"lead": [f"L{i}" for i in range(n)], "app": app, "channel": channel, "balance": balance, "won": won}
    )


def refused(leads: pd.DataFrame, **how: Any) -> InputProblems:
    with pytest.raises(InputProblems) as caught:
        Propensity(**how).fit(leads)
    assert all(p.text("zh") and p.text("en") for p in caught.value.problems)
    return caught.value
