"""What each person reads about their own work (反馈): steps, a question for each mistake, the next hint; no answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segkit.locale import Lang, say
from segkit.report.render.file_names import file_names
from segkit.teach.exercise import RUNGS, exercise
from segkit.teach.judging import MARKS
from segkit.workshop.class_work import ClassWork, Trainee, language, mistake_of
from segkit.workshop.pages import set_pages, unset_page
from segkit.workshop.score_sheet import note_of
from segkit.workshop.supervising import Graded


@dataclass(frozen=True)
class StepLine:
    """A step as it is shown: its status, mark and word, what it asks for, and the question if it is not right."""

    status: str
    mark: str
    word: str
    says: str
    asks: str = ""


@dataclass(frozen=True)
class ExerciseFeedback:
    """One exercise on a feedback page.

    Attributes
    ----------
    head, source, score, done, of : title, file, 0 to 100, steps passed and all
    note : why it could not be run as it stands, "" if it could
    steps : every step
    hint : the next rung of the ladder, "" once every step is right
    next : what changes in the follow-up, once every step is right
    """

    head: str
    source: str
    score: int
    done: int
    of: int
    note: str
    steps: tuple[StepLine, ...]
    hint: str
    next: str


def feedback_of(graded: Graded, lang: Lang) -> ExerciseFeedback:
    """What a person reads about one exercise."""
    about = exercise(graded.submission.exercise)
    done = sum(status == "passed" for status in graded.steps.values())
    solved = done == len(about.steps)
    rung = min(graded.submission.hints + 1, RUNGS)
    hint = say("teach.hint", lang, k=rung, n=RUNGS, hint=about.hints[rung - 1][lang].strip())
    return ExerciseFeedback(
        head=f"{about.id} {about.title[lang]}",
        source=graded.submission.source,
        score=graded.score,
        done=done,
        of=len(about.steps),
        note=note_of(graded, lang),
        steps=tuple(_lines(graded, lang)),
        hint="" if solved else hint,
        next=about.next[lang] if solved else "",
    )


def _lines(graded: Graded, lang: Lang) -> Iterator[StepLine]:
    about = exercise(graded.submission.exercise)
    asked: set[str] = set()
    for step in about.steps:
        status = graded.steps[step.id]
        asks = ""
        if status == "failed":
            mistake = mistake_of(graded, step)
            asks = about.mistakes[mistake][lang] if mistake else say("grade.look_again", lang)
            asks = "" if asks in asked else asks
            asked.add(asks)
        mark = MARKS[status]  # type: ignore[index]
        yield StepLine(status, mark, say(f"grade.status.{status}", lang), step.says[lang], asks)


def feedback_page(work: ClassWork, one: Trainee, lang: Lang) -> str:
    """The page of one person, in one language, without its fonts."""
    return unset_page(
        "feedback.html.j2",
        lang,
        ["agenda.css", "class_pages.css"],
        one=one,
        exercises=[feedback_of(graded, lang) for graded in work.begun(one)],
        missing=[f"{id} {exercise(id).title[lang]}" for id in work.missing(one)],
        blank=[f"{id} {exercise(id).title[lang]}" for id in work.blank(one)],
    )


def feedback_pages(work: ClassWork, otherwise: Lang, lang: Lang | None = None) -> dict[str, bytes]:
    """File name -> page of everybody who handed in something.

    Parameters
    ----------
    otherwise : the language of those whose notebooks do not say theirs
    lang : for everybody, whatever their notebooks say
    """
    there = [one for one in work.trainees if work.all_of(one)]
    names = file_names(one.name for one in there)
    pages = [feedback_page(work, one, lang or language(work.all_of(one), otherwise)) for one in there]
    return {
        f"feedback/{names[one.name]}.html": page.encode("utf-8")
        for one, page in zip(there, set_pages(pages), strict=True)
    }
