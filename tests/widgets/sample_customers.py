"""Customers whose scores differ: 400 buyers, some prospects, one without money."""

from __future__ import annotations

import numpy as np
import pandas as pd


def sample_customers() -> pd.DataFrame:
    draw = np.random.default_rng(20251231)
    n = 400
    recency = draw.integers(1, 720, n)
    frequency = draw.geometric(0.3, n)
    table = pd.DataFrame(
        {
            "customer_id": [f"K{i:04d}" for i in range(n)],
            "last_order": pd.Timestamp("2025-12-31") - pd.to_timedelta(recency, unit="D"),
            "recency_days": pd.array(recency, dtype="Int64"),
            "frequency": frequency,
            "monetary": np.round(frequency * draw.lognormal(5, 1, n), 2),
        }
    )
    nobody = pd.DataFrame({"customer_id": ["P1", "P2"], "frequency": [0, 0], "monetary": [0.0, 0.0]})
    return pd.concat([table, nobody], ignore_index=True)
