"""Talk-track cards (话术卡): what to say to whom on which channel, from one file, on pages to print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from segkit.charts.marks import SegmentMark, segment_marks
from segkit.followup.policy import Channel
from segkit.locale import LANGS, Lang, name_of, say
from segkit.locale.words import Words
from segkit.problems import InputProblems, Problem

# in the order they are said; a message is these four run together
SPOKEN = ("opening", "question", "offer", "opt_out")
_BRACKETS = str.maketrans("〔〕", "[]")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sentences(_Strict):
    """The same number of sentences in both languages."""

    zh: tuple[str, ...] = Field(min_length=1)
    en: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if len(self.zh) != len(self.en):
            raise ValueError(f"{len(self.zh)} in Chinese, {len(self.en)} in English")
        return self

    def __getitem__(self, lang: Lang) -> tuple[str, ...]:
        return self.zh if lang == "zh" else self.en


class TalkCard(_Strict):
    """What to say to customers of one segment on one channel.

    Attributes
    ----------
    segment, channel : ids of terms.yml
    marketing : needs consent and says how to stop; else it is service, or
    asked_for : follow-up before a sale, with who asked for it or gave the number for it; `when` names that basis
    name, when : what the card is called; to whom, how often, and for marketing that consent is needed
    opening, question, offer : in the order they are said
    opt_out : the answer to whoever wants no more; of a message the words that say how to stop
    not_said : what honest people leave out
    record : what is written down afterwards
    """

    segment: str
    channel: Channel
    marketing: bool
    asked_for: bool = False
    name: Words
    when: Words
    opening: Words
    question: Words
    offer: Words
    opt_out: Words
    not_said: Sentences
    record: Words

    @property
    def kind(self) -> str:
        """What it counts as, by the words of the page: marketing, follow_up or service."""
        return "marketing" if self.marketing else "follow_up" if self.asked_for else "service"

    @property
    def written(self) -> bool:
        """Is it sent, not spoken?"""
        return self.channel not in ("phone", "visit", "event")

    def message(self, lang: Lang) -> str:
        """All that is said, in order."""
        gap = " " if lang == "en" else ""
        return gap.join(getattr(self, part)[lang] for part in SPOKEN)


class TalkCards(_Strict):
    """The cards of one case.

    Attributes
    ----------
    title, about : of the set; what to know before it is used
    pressure : words that hurry or flatter; none of them may stand in what is said
    cards : in the order they are printed; those of one segment stand together
    """

    title: Words
    about: Words
    pressure: Sentences
    cards: tuple[TalkCard, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _honest(self) -> Self:
        if found := [*self._faults()]:
            raise ValueError("; ".join(found))
        return self

    def _faults(self) -> Iterator[str]:
        for card in self.cards:
            where = f"{card.segment}/{card.channel}/{card.name.en}"
            for lang in LANGS:
                said = card.message(lang).lower()
                yield from (f"{where}: {word}" for word in self.pressure[lang] if word.lower() in said)
                consent = say("talk.consent_word", lang)
                if card.marketing and consent not in card.when[lang]:
                    yield f"{where}: marketing, and nothing is said of consent ({consent})"
                basis = say("talk.basis_word", lang)
                if card.asked_for and (card.marketing or basis not in card.when[lang]):
                    yield f"{where}: follow-up is no marketing and names its basis ({basis})"
        seen = [card.segment for card in self.cards]
        if [s for i, s in enumerate(seen) if i and s != seen[i - 1] and s in seen[:i]]:
            yield "cards of one segment do not stand together"

    def segments(self) -> list[tuple[str, list[TalkCard]]]:
        """Segment id and its cards, in order."""
        return [
            (s, [c for c in self.cards if c.segment == s])
            for s in dict.fromkeys(c.segment for c in self.cards)
        ]


def read_talk_cards(path: Path) -> TalkCards:
    """The cards of a case from its ``cards.yml``.

    Raises
    ------
    InputProblems : a part is missing in one language, a sentence hurries or flatters (`pressure`), or a card
        that is marketing says nothing of consent, one of follow-up nothing of its basis; no YAML
    """
    name = f"{Path(path).parent.name}/{Path(path).name}"
    try:
        return TalkCards.model_validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except yaml.YAMLError as fault:
        raise InputProblems([Problem("cards.no_yaml", {"why": str(fault)}, file=name)]) from None
    except ValidationError as faults:
        raise InputProblems([_problem(one, name) for one in faults.errors()]) from None


def _problem(fault: Mapping[str, Any], name: str) -> Problem:
    at = ".".join(map(str, fault["loc"])) or "cards"
    return Problem("cards.fault", {"at": at, "why": fault["msg"].removeprefix("Value error, ")}, file=name)


def talk_cards_page(cards: TalkCards, lang: Lang) -> str:
    """The cards as one page of HTML to print: a sheet for each segment, nothing loaded from elsewhere."""
    source = resources.files("segkit.workshop").joinpath("talk_cards.html.j2").read_text(encoding="utf-8")
    marks: dict[str, SegmentMark] = segment_marks([segment for segment, _ in cards.segments()], lang)

    def words(id: str, **facts: object) -> str:
        return say(f"talk.{id}", lang, **facts)

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    # what is to be filled in stands in the brackets of the language
    page.filters["blanks"] = lambda text: text if lang == "zh" else text.translate(_BRACKETS)
    return page.from_string(source).render(
        cards=cards,
        lang=lang,
        marks=marks,
        say=words,
        channel=lambda card: name_of("channel", card.channel, lang),
        parts=SPOKEN,
    )


def write_talk_cards(folder: Path, *, langs: tuple[Literal["zh", "en"], ...] = LANGS) -> list[Path]:
    """Write ``cards.zh.html`` and ``cards.en.html`` beside the ``cards.yml`` of a case; gives their paths."""
    cards = read_talk_cards(Path(folder) / "cards.yml")
    paths = []
    for lang in langs:
        path = Path(folder) / f"cards.{lang}.html"
        path.write_text(talk_cards_page(cards, lang), encoding="utf-8", newline="\n")
        paths.append(path)
    return paths
