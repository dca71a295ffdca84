"""How the customers were classified: the rules actually used, in words and numbers."""

from __future__ import annotations

from segkit.charts import distributions, score_heatmap
from segkit.locale import name_of
from segkit.report.model import Block, Bullets, Text
from segkit.report.study import Shown, Study


def classification(study: Study) -> Shown:
    """Per scheme its rule (口径) and what it could not do; the scores as a map; how R, F and M are spread."""
    buyers = len(study.buyers)
    blocks: list[Block] = []
    for name, scheme in study.segmentation.schemes.items():
        blocks.append(Text(text=name_of("scheme", name, study.lang) + study.say("report.colon")))
        blocks.append(Bullets(items=scheme.describe(study.lang)))
    figures = []
    facts = {"lang": study.lang, "source": study.source, "as_of": study.as_of}
    if buyers:
        figures.append(study.figure(distributions(study.customers, **facts)))
        if {"r_score", "f_score"} <= set(study.customers.columns):
            figures.append(study.figure(score_heatmap(study.customers, **facts)))
    return study.add("classes", [*blocks, *figures])
