"""From a client's files to a checked client.yml, step by step and without a shell: what the wizard holds (报告向导)."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from segkit.config import load_config
from segkit.intake.grains import Grain
from segkit.intake.headings import senses
from segkit.intake.mapping import Guess, Mapping, canonical_columns
from segkit.intake.table import Table
from segkit.locale import Lang, name_of
from segkit.privacy.mask import mask, mask_text
from segkit.problems import InputProblems, Problem
from segkit.report.first_look import SURE, Seen, first_guesses, look
from segkit.report.intake_step import CONFIRM
from segkit.report.render.file_names import file_names

CONFIG = "client.yml"
BEFORE = "before"  # what stood there and was changed: client.before.yml
PERSONAL = ("name", "phone", "email")
SAMPLES = 3
COMMON, RARE = 0.1, 0.05  # of all cells the commonest value has; of the commonest, what is a slip
Progress = Callable[[str], None]


@dataclass(frozen=True)
class ColumnSeen:
    """One column of the client's: what it is taken for, and what stands in it (masked).

    `field` is None where it is not used; `doubtful` where the guess should be looked at.
    """

    grain: Grain
    heading: str
    field: str | None
    samples: tuple[str, ...]
    confidence: float
    reason: str
    doubtful: bool


@dataclass(frozen=True)
class Checked:
    """A client.yml in its place: the folder it stands in, what was noted and what only the client can answer."""

    folder: Path
    config: Path
    seen: Seen


class WizardSteps:
    """The files, what their columns mean, and the settings of one client's report; no widget in it.

    Nothing is written outside a folder of its own before `check` has passed; then the client's folder below `base`
    holds the uploaded files, client.yml and to_confirm.xlsx, whole. What stood there with other contents is kept
    as ``client.before.yml``.

    Attributes
    ----------
    base : folder of all clients
    files : name -> path, in the order they came
    name : of the client; by default that of the first file
    spoken, lang : language of the wizard, and of the report with all that lies beside it
    playbook, as_of : as `segkit init` takes them; `as_of` is text, "" for the date of the data
    """

    def __init__(self, base: Path, spoken: Lang) -> None:
        self.base = base
        self.spoken: Lang = spoken
        self.lang: Lang = spoken
        self.name = ""
        self.playbook = "general"
        self.as_of = ""
        self.files: dict[str, Path] = {}
        self._uploads = tempfile.TemporaryDirectory(prefix="segkit-wizard-")
        self._said: dict[str, dict[str, str | None]] = {}
        self._guessed: dict[Grain, tuple[Table, Mapping]] | None = None

    # --- files ----------------------------------------------------------------------------------

    def upload(self, name: str, content: bytes) -> None:
        """A file as it was sent; sent again under the same name, it replaces the one before."""
        path = Path(self._uploads.name) / Path(name.replace("\\", "/")).name
        path.write_bytes(content)
        self._take(path)

    def pick(self, path: Path) -> None:
        """A file that lies on this machine already; it is read where it is.

        Raises
        ------
        InputProblems : there is no such file
        """
        if not path.is_file():
            raise InputProblems(
                [Problem("widget.report_wizard.no_file", {"folder": str(path.parent)}, file=path.name)]
            )
        self._take(path.absolute())

    def drop(self, name: str) -> None:
        """Not this file after all."""
        self.files.pop(name, None)
        self._guessed = None

    def _take(self, path: Path) -> None:
        self.files[path.name] = path
        self._guessed = None

    @property
    def client(self) -> str:
        """What the client is called."""
        return self.name.strip() or (Path(next(iter(self.files))).stem if self.files else "")

    # --- columns --------------------------------------------------------------------------------

    def columns(self) -> list[ColumnSeen]:
        """Every column of the main tables, with the guess or what was said of it since.

        Raises
        ------
        InputProblems : no file yet, or everything that is wrong with the files
        """
        return [
            self._seen(grain, guess, table)
            for grain, (table, mapping) in self._guesses().items()
            for guess in mapping.guesses
        ]

    def choices(self, grain: Grain) -> list[tuple[str, str]]:
        """What a column of this grain can mean: name in the language and id."""
        return [(name_of("field", field, self.spoken), field) for field in canonical_columns(grain)]

    def mean(self, grain: Grain, heading: str, field: str | None) -> None:
        """Say what a column means; another column that was taken for the same is free again.

        Raises
        ------
        InputProblems : there is no such column
        """
        if heading not in {c.heading for c in self.columns() if c.grain == grain}:
            have = [c.heading for c in self.columns() if c.grain == grain][:12]
            raise InputProblems(
                [Problem("widget.report_wizard.no_column", {"column": heading, "have": have})]
            )
        said = self._said.setdefault(grain, {})
        for column in self.columns():
            if field is not None and column.grain == grain and column.field == field:
                said[column.heading] = None
        said[heading] = field

    def frame(self) -> pd.DataFrame:
        """The columns as a table: `heading, meaning, samples, reason`."""
        rows = [
            (
                c.heading,
                name_of("field", c.field, self.spoken) if c.field else "—",
                " · ".join(c.samples),
                c.reason,
            )
            for c in self.columns()
        ]
        return pd.DataFrame(rows, columns=["client_column", "meaning", "samples", "why"])

    def forget_guesses(self) -> None:
        """Guess again, as for another playbook; what was said of columns stays."""
        self._guessed = None

    def _guesses(self) -> dict[Grain, tuple[Table, Mapping]]:
        if not self.files:
            raise InputProblems([Problem("widget.report_wizard.no_files")])
        if self._guessed is None:
            found = first_guesses([*self.files.values()], self.base, playbook=self.playbook)
            # what was said of a column holds as long as there is such a column
            heads: dict[str, set[str]] = {
                grain: {*map(str, table.frame.columns)} for grain, (table, _) in found.items()
            }
            self._said = {
                grain: {h: f for h, f in said.items() if h in heads.get(grain, set())}
                for grain, said in self._said.items()
            }
            self._guessed = found
        return self._guessed

    def _seen(self, grain: Grain, guess: Guess, table: Table) -> ColumnSeen:
        said = self._said.get(grain, {})
        if guess.column in said:
            guess = replace(guess, field=said[guess.column], confidence=1.0, reason_id="init.meant", facts={})
        conflict = guess.reason_id == "mapping.reason.conflict"
        doubtful = conflict or (guess.field is not None and guess.confidence < SURE)
        reason = mask_text(guess.text(self.spoken))
        samples = _samples(table.frame[guess.column], guess)
        return ColumnSeen(grain, guess.column, guess.field, samples, guess.confidence, reason, doubtful)

    # --- check ----------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Where the client's files stand."""
        return self.base / file_names([self.client])[self.client]

    def check(self, progress: Progress = lambda step: None, *, today: dt.date | None = None) -> Checked:
        """What `segkit init` does, with what was said of the columns: client.yml and what is to be confirmed.

        Raises
        ------
        InputProblems : everything that is wrong with files, columns or the date; nothing was written
        """
        day = self._day()
        if not self.files:
            raise InputProblems([Problem("widget.report_wizard.no_files")])
        try:
            self.base.mkdir(parents=True, exist_ok=True)
            # beside the client's folder and as deep, so that a path written into client.yml holds in both
            stage = Path(tempfile.mkdtemp(prefix=".wizard-", dir=self.base))
        except OSError as fault:
            raise _not_writable(self.base, fault) from fault
        try:
            seen = look(
                self._staged(stage),
                stage,
                lang=self.lang,
                name=self.client,
                playbook=self.playbook,
                today=today,
                as_of=day,
                meant=self._said,
                progress=progress,
            )
            _move(stage, self.folder)
        except OSError as fault:
            raise _not_writable(self.folder, fault) from fault
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            _drop_if_empty(self.base)
        written = tuple(self.folder / path.name for path in seen.written)
        return Checked(self.folder, self.folder / CONFIG, replace(seen, written=written))

    def _day(self) -> dt.date | None:
        text = self.as_of.strip()
        try:
            return dt.date.fromisoformat(text) if text else None
        except ValueError:
            raise InputProblems([Problem("widget.report_wizard.bad_date", {"text": text})]) from None

    def _staged(self, stage: Path) -> list[Path]:
        """The files as client.yml will name them: uploads beside it, others where they are."""
        paths = []
        for path in self.files.values():
            if path.parent == Path(self._uploads.name):
                shutil.copyfile(path, stage / path.name)
                path = stage / path.name
            paths.append(path)
        return paths


def _samples(column: pd.Series, guess: Guess) -> tuple[str, ...]:
    """Typical values, masked: the commonest where some are common, without what slipped in from the next column."""
    kind = next((s.field for s in senses(guess.column) if s.field in PERSONAL), guess.field)
    counts = column[column.str.strip() != ""].value_counts(sort=False)  # in the order they come
    if len(counts) and counts.max() >= COMMON * counts.sum():
        counts = counts[counts >= RARE * counts.max()].sort_values(ascending=False, kind="stable")
    values = [str(value) for value in counts.head(SAMPLES).index]
    return tuple(mask(value, kind) if kind in PERSONAL else mask_text(value) for value in values)


def _move(stage: Path, folder: Path) -> None:
    """Everything from the stage to the client's folder, each file at once.

    A client.yml that asks for the same of the same files stays with all that was added by hand, and so do the
    answers in to_confirm.xlsx; else both are kept beside the new ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    same = _asked(folder) == _asked(stage)
    for name in (CONFIG, CONFIRM):
        kept = folder / name
        if kept.is_file() and same:
            (stage / name).unlink(missing_ok=True)
        elif kept.is_file():
            kept.replace(kept.with_name(f"{kept.stem}.{BEFORE}{kept.suffix}"))
    for path in sorted(stage.iterdir()):
        if path.is_file():
            path.replace(folder / path.name)


def _asked(folder: Path) -> dict[str, object] | None:
    """What a client.yml says of all that the wizard asks; None where there is none that can be read."""
    try:
        found = load_config(folder / CONFIG).model_dump()
    except InputProblems:
        return None
    return {name: found[name] for name in ("client", "lang", "as_of", "input", "mapping", "playbook")}


def _drop_if_empty(base: Path) -> None:
    try:
        base.rmdir()
    except OSError:
        return


def _not_writable(folder: Path, fault: OSError) -> InputProblems:
    facts = {"folder": str(folder), "why": fault.strerror or str(fault)}
    return InputProblems([Problem("report.not_writable", facts)])
