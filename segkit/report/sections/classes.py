"""How the customers were classified: the rules actually used, in words and numbers."""

from __future__ import annotations

import pandas as pd

from segkit.charts import distributions, score_heatmap
from segkit.locale import name_of
from segkit.report.model import Block, Bullets, Text
from segkit.report.study import Shown, Study
from segkit.schemes.base import PROSPECT, UNKNOWN


def classification(study: Study) -> Shown:
    """Per scheme its rule (口径) and what it could not do; the scores as a map; how R, F and M are spread."""
    blocks: list[Block] = []
    for name, scheme in study.segmentation.schemes.items():
        blocks.append(Text(text=name_of("scheme", name, study.lang), role="heading"))
        able = tells_apart(study.customers[name])
        lines = scheme.describe(study.lang) if able else [study.say("report.scheme_unable")]
        blocks.append(Bullets(items=lines))
    if study.buyers.empty:
        return study.add("classes", blocks)
    facts = {"lang": study.lang, "source": study.source, "as_of": study.as_of}
    figures = [study.figure(distributions(study.customers, **facts))]
    scores = study.customers.reindex(columns=["r_score", "f_score"]).dropna()
    if len(scores) and (scores.nunique() > 1).all():  # one level of either is no map
        figures.append(study.figure(score_heatmap(study.customers, **facts)))
    return study.add("classes", [*blocks, *figures])


def tells_apart(labels: pd.Series) -> bool:
    """Did the scheme find a class for anybody who bought?"""
    return not labels.isin([UNKNOWN, PROSPECT]).all()
