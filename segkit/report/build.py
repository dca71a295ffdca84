"""One client's report from start to end: intake, analysis in a notebook, renderers, leak scan, then in place.

Everything is written into a folder nobody looks at and moved when it is whole, so a run that is killed
leaves no half report.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from segkit.config import Config
from segkit.locale import LANGS, Lang, name_of
from segkit.privacy.known import Lookup
from segkit.privacy.scan import Leak, leaks
from segkit.problems import InputProblems, Problem, SegkitError
from segkit.report.analysis import PREVIOUS, READY
from segkit.report.clean_tables import CUSTOMER_TABLE, NOTES, PROBLEMS, Intake, told
from segkit.report.intake_step import CONFIRM, Progress, quiet, take_in
from segkit.report.model import ReportModel
from segkit.report.notebook_run import Analysis, client_report
from segkit.report.open_questions import ask_client, open_questions
from segkit.report.placing import put_in_place, source_of_run
from segkit.report.previous import load_previous
from segkit.report.working_files import FILES, write_real_contacts, write_working_files

Writer = Callable[[ReportModel, Path, Path], None]
FORMATS = ("html", "xlsx")
# for working, not for reading: the client's own ids stand here, and no contact data at all
PEOPLE = "people.parquet"
INTERNAL = (
    "orders.parquet",
    CUSTOMER_TABLE,
    PEOPLE,
    "intake.json",
    "config.json",
    "config_folder",
    READY,
    PREVIOUS,
    NOTES,
    PROBLEMS,
)
SCANNED = ("report.html", "customers.xlsx", "model.json", "report.ipynb", "schemes.yml", "figures", *FILES)
OLD_BUILDS_HOURS = 6


class LeaksFound(SegkitError):
    """Personal data in an artefact: nothing was put in place."""

    def __init__(self, found: Sequence[Leak]) -> None:
        self.found = list(found)
        super().__init__(f"{len(self.found)} personal values in the artefacts")


@dataclass(frozen=True)
class Built:
    """A report in its place: the folder, its files for the client, the model, what was noted on the way."""

    folder: Path
    files: tuple[Path, ...]
    model: ReportModel
    notes: tuple[Problem, ...]


def report_folder(config: Config, as_of: dt.date, lang: Lang) -> Path:
    return config.folder / "reports" / config.client.id / as_of.isoformat() / lang


def build(
    config: Config,
    *,
    lang: Lang | None = None,
    formats: Sequence[str] = FORMATS,
    as_of: dt.date | None = None,
    notebook: Path | None = None,
    previous: Path | None = None,
    progress: Progress = quiet,
) -> Built:
    """A client's raw export becomes a report.

    Parameters
    ----------
    config : a checked client.yml, or one made for a single file
    lang : language of the report; default the config's
    formats : html, xlsx
    as_of : overrides the config's day
    notebook : an own copy of client_report.ipynb, adapted by the consultant
    previous : last month's report of this client, or a folder above it; its plan, holdout and labels are compared
    progress : told the id of each step as it begins

    Raises
    ------
    InputProblems : everything wrong with the input, before anything is written
    LeaksFound : an artefact holds personal data
    """
    lang = lang or config.lang
    reports = config.folder / "reports" / config.client.id
    previous = None if previous is None else previous.absolute()  # papermill changes the working folder
    _writable(reports)
    workshop = Path(tempfile.mkdtemp(prefix=".building-", dir=reports))
    try:
        run = workshop / "run"
        run.mkdir()
        import papermill  # noqa: F401 - here, for in a thread its import would trip over warning filters

        analysis = Analysis(notebook or client_report(), run, lang)

        def tell(step: str) -> None:
            progress(step)
            if step == "clean":  # the files can be read: the kernel starts while they are cleaned
                analysis.start()

        try:
            intake = _intake_for(config, run, as_of, tell, lang=lang, previous=previous)
        except BaseException:
            analysis.stop()
            raise
        progress("analyse")
        writers = _writers()  # their imports take as long as a page: done while the notebook runs
        analysis.wait()
        model = ReportModel.load(run / "model.json")
        for name in formats:
            progress(name)
            file, write = writers[name]
            write(model, run, run / file)
        place = report_folder(config, model.meta.as_of, lang)
        left_out = write_working_files(model, run, config, formats, before=place if place.is_dir() else None)
        progress("scan")
        _scan(run, intake, config)
        progress("place")
        remarked = [*told(run / NOTES), *left_out]
        people = workshop / PEOPLE
        (run / PEOPLE).replace(people)
        _tidy(run, analysis.output)
        _write_manifest(run, model, config, intake)
        folder, notes = put_in_place(
            run, report_folder(config, model.meta.as_of, lang), source_of_run(config)
        )
        field = write_real_contacts(model, folder, people, config)
        settled = (config.folder / CONFIRM).exists() or not intake.cleaned  # an engine asks nothing
        asked = None if settled else open_questions(intake)
        confirm = ask_client(asked, config.folder, lang) if asked is not None else None
    except OSError as fault:
        raise _as_problem(fault, reports) from fault
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        _drop_if_empty(reports)
    return Built(
        folder, (*_deliverables(folder), *field, *([confirm] if confirm else [])), model, (*remarked, *notes)
    )


# --- before ----------------------------------------------------------------------------------------


def _writable(reports: Path) -> None:
    try:
        reports.mkdir(parents=True, exist_ok=True)
        _sweep(reports)
        with tempfile.TemporaryFile(dir=reports):
            pass
    except OSError as fault:
        raise _as_problem(fault, reports) from fault


def _as_problem(fault: OSError, where: Path) -> InputProblems:
    disk_full = fault.errno in (28, 27)  # no space left; file too large
    id = "report.disk_full" if disk_full else "report.not_writable"
    return InputProblems([Problem(id, {"folder": str(where), "why": fault.strerror or str(fault)})])


def _sweep(reports: Path) -> None:
    """Remove what a killed run left behind."""
    limit = time.time() - OLD_BUILDS_HOURS * 3600
    for left in reports.glob(".building-*"):
        if left.stat().st_mtime < limit:
            shutil.rmtree(left, ignore_errors=True)


def _drop_if_empty(reports: Path) -> None:
    for folder in (reports, reports.parent):
        try:
            folder.rmdir()
        except OSError:
            return


def _intake_for(
    config: Config, run: Path, as_of: dt.date | None, progress: Progress, *, lang: Lang, previous: Path | None
) -> Intake:
    intake = take_in(config, as_of=as_of, progress=progress)
    if previous is not None:
        own = previous / config.client.id  # the folder of all reports will do
        previous = own if own.is_dir() else previous
        day = dt.date.fromisoformat(str(intake.facts["as_of"]["date"]))
        key = intake.facts.get("key_fingerprint")
        before = load_previous(previous, client=config.client.id, lang=lang, as_of=day, key_fingerprint=key)
        (run / PREVIOUS).write_text(str(before.folder), encoding="utf-8")
    intake.save(run)
    (run / "config.json").write_text(config.model_dump_json(), encoding="utf-8")
    (run / "config_folder").write_text(str(config.folder), encoding="utf-8")
    (run / READY).touch()
    return intake


# --- artefacts -------------------------------------------------------------------------------------


def _writers() -> dict[str, tuple[str, Writer]]:
    """Format -> file and what writes it."""
    from segkit.report.render.html import render_html
    from segkit.report.render.xlsx import render_xlsx

    return {"html": ("report.html", render_html), "xlsx": ("customers.xlsx", render_xlsx)}


def _scan(run: Path, intake: Intake, config: Config) -> None:
    """Look into everything a client gets; the working tables in `internal` hold the client's own ids by design."""
    found: list[Leak] = []
    known = Lookup(intake.known)
    # a column is called by the client's heading in client.yml and by ours in the artefacts
    exempt = {*config.privacy.not_personal}
    for mapping in intake.mappings.values():
        fields = [field for head, field in mapping.columns.items() if head in exempt]
        exempt |= {name_of("field", field, lang) for field in fields for lang in LANGS}
    for name in SCANNED:
        if (run / name).exists():
            found += leaks(run / name, known=known, not_personal=exempt, harmless=intake.harmless)
    if found:
        raise LeaksFound(found)


def _tidy(run: Path, notebook: Path) -> None:
    """Leave only what is kept: no scratch tables, and a notebook without clocks and machine paths."""
    for name in INTERNAL:
        (run / name).unlink(missing_ok=True)
    for left in (run / "ledger.parquet", *run.glob("table_*.parquet")):
        left.unlink(missing_ok=True)
    book = nbformat.read(notebook, as_version=4)
    book.metadata.pop("papermill", None)
    for cell in book.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"
        cell.source = cell.source.replace(json.dumps(str(run)), "None")
    nbformat.write(book, run / "internal" / "report.ipynb")
    notebook.unlink()


def _write_manifest(run: Path, model: ReportModel, config: Config, intake: Intake) -> None:
    outputs = [
        {
            "file": path.relative_to(run).as_posix(),
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(run.rglob("*"))
        if path.is_file()
    ]
    manifest = {
        "client": model.meta.client_id,
        "as_of": model.meta.as_of.isoformat(),
        "lang": model.meta.lang,
        "data_sha256": model.meta.data_sha256,
        "inputs": model.provenance.inputs,
        "totals": model.provenance.totals,
        "parameters": model.provenance.parameters,
        "versions": model.provenance.versions,
        "source": source_of_run(config),
        "contacts": config.privacy.contacts,
        "contacts_reason": config.privacy.reason,
        "contacts_person": config.privacy.person,
        "key_fingerprint": intake.facts.get("key_fingerprint"),
        "outputs": outputs,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, default=str)
    (run / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _deliverables(folder: Path) -> tuple[Path, ...]:
    """What is handed to the client, most wanted first."""
    names = ("report.html", "customers.xlsx", *FILES, "figures", "schemes.yml", "model.json", "manifest.json")
    return tuple(folder / name for name in names if (folder / name).exists())
