"""How the customers were classified: the main rule in words and numbers, of the others what they look at."""

from __future__ import annotations

from segkit.charts import distributions, score_heatmap
from segkit.report.model import Block, Bullets, Text
from segkit.report.study import Shown, Study
from segkit.schemes.base import Scheme

MADE_OF = {  # columns we make, by what a client delivers
    "recency_days": ("order_date",),
    "tenure_days": ("order_date",),
    "aov": ("monetary", "frequency"),
}


def classification(study: Study) -> Shown:
    """The main scheme's rule (口径), the others in a sentence, what they could not do; how R, F and M are spread.

    Every cut point with its source stands among the definitions.
    """
    if study.ranked:
        return study.add("classes", [])
    main, lang = study.segmentation.main, study.lang
    blocks: list[Block] = []
    for name, scheme in study.segmentation.schemes.items():
        rule = scheme.rule(lang) if name == main else [scheme.gist(lang)]
        lines = [*rule, *scheme.notes(lang)]
        if not study.tells_apart(name):
            lacking = _lacking(study, scheme)
            which = "report.scheme_lacks" if lacking else "report.scheme_unable"
            lines = [study.say(which, columns=lacking)]
        block: list[Block] = [Text(text=study.scheme_name(name), role="heading"), Bullets(items=lines)]
        blocks = [*block, *blocks] if name == main else [*blocks, *block]
    blocks.append(Text(text=study.say("report.rules_elsewhere"), role="note"))
    if study.buyers.empty:
        return study.add("classes", blocks)
    facts = {"lang": study.lang, "source": study.source, "as_of": study.as_of}
    figures = [study.figure(distributions(study.customers, **facts))]
    scores = study.customers.reindex(columns=["r_score", "f_score"]).dropna()
    if len(scores) and (scores.nunique() > 1).all():  # one level of either is no map
        figures.append(study.figure(score_heatmap(study.customers, **facts)))
    return study.add("classes", [*blocks, *figures])


def _lacking(study: Study, scheme: Scheme) -> list[str]:
    """What the client would have to deliver for it: the columns it looks at in which nothing stands."""

    def empty(column: str) -> bool:
        return column not in study.customers or bool(study.customers[column].isna().all())

    unmade = [column for column in scheme.needs() if empty(column)]
    sources = dict.fromkeys(source for column in unmade for source in MADE_OF.get(column, (column,)))
    return [scheme.measure(source, study.lang) for source in sources if empty(source)]
