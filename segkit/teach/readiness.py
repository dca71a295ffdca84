"""``checkup()``: is this machine ready for the notebooks? What is fine, what is not, and what to do (环境体检)."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.util import find_spec
from pathlib import Path
from zipfile import is_zipfile

import pandas as pd

from segkit import samples
from segkit.locale import Lang, listing, say
from segkit.locale.spoken import spoken
from segkit.report.doctor import NEEDED, Check, Examined, examine, font, kernel, packages, python, writing
from segkit.teach import answers
from segkit.teach.namespace import in_notebook

LAB = ("jupyterlab", "ipywidgets")  # what the notebooks need beyond the report
_AS_SENT = ("export_gbk.csv",)  # in a client's own form, title line above the headings
_NAMED = 3  # faulty files named in the line


class Checkup(Examined):
    """The checks as `segkit doctor` prints them; in a notebook a list with a mark on every line."""

    def __repr__(self) -> str:
        return "\n".join(self.lines(spoken()))

    def _repr_html_(self) -> str:
        lang = spoken()
        return f'<div class="segkit-checkup" lang="{lang}">{"".join(self._rows(lang))}</div>'

    def _rows(self, lang: Lang) -> Iterator[str]:
        for one in self.checks:
            mark, colour = ("√", "#1b7f4d") if one.fine else ("×", "#b4532a")
            state = say("doctor.fine" if one.fine else "doctor.wrong", lang).strip()
            name = escape(say(f"doctor.{one.id}", lang))
            yield (
                f'<div style="margin-block:.3em"><b style="color:{colour}">{mark} {escape(state)}</b>'
                f" <b>{name}</b>: {escape(one.shown)}</div>"
            )
            if not one.fine:
                yield f'<div style="margin-inline-start:1.4em">→ {escape(say(f"doctor.mend.{one.id}", lang))}</div>'
        verdict = say("doctor.ready" if self.ready else "doctor.not_ready", lang, code=self.code)
        yield f'<div style="margin-block:.6em"><b>{escape(verdict)}</b></div>'


def checkup(folder: Path | str | None = None, *, lang: Lang | None = None) -> Checkup:
    """Is this machine ready for the notebooks? (环境体检)

    Python, packages with their versions, the Chinese font, the kernel, whether answers can be kept, the sample data
    and the sliders. The code at the end is the same on two machines where all of it is the same. Without JupyterLab
    installed only what a report needs is looked at. Nothing is fetched: no check needs a network.

    Parameters
    ----------
    folder : where files are to be written; by default that of the answers
    lang : of what is said about a fault; by default the display language
    """
    place = Path(folder) if folder is not None else answers.folder()
    place = next(one for one in (place, *place.absolute().parents) if one.is_dir())
    if not has_lab():
        return Checkup(examine(place).checks)
    running = Check("kernel", True, "ok") if in_notebook() else kernel()
    machine = (python(), packages((*NEEDED, *LAB)), font(), running, writing(place))
    return Checkup((*machine, _samples(samples.home(), lang or spoken()), _sliders()))


def has_lab() -> bool:
    """Is this an environment for the notebooks, not for reports alone?"""
    return find_spec("jupyterlab") is not None


def _samples(folder: Path, lang: Lang) -> Check:
    """Is every table of the dictionary there, with its columns, and its last row whole?"""
    book = folder / "dictionary.csv"
    if not book.is_file():
        return Check("samples", False, say("doctor.samples.none", lang, folder=str(folder)))
    listed = pd.read_csv(book, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    broken = [
        str(table)
        for table, columns in listed.groupby("table", sort=False)["column"]
        if not _is_whole(folder / str(table), list(columns))
    ]
    n = int(listed["table"].nunique())
    if broken:
        facts = {"n": len(broken), "of": n, "names": listing(broken[:_NAMED], lang)}
        return Check("samples", False, say("doctor.samples.broken", lang, **facts))
    return Check("samples", True, say("doctor.samples.whole", lang, n=n))


def _is_whole(path: Path, columns: list[str]) -> bool:
    if not path.is_file():
        return False
    data = path.read_bytes()
    if path.suffix != ".csv":
        return is_zipfile(path)  # xlsx
    first = data.split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip().split(",")
    own = path.name in _AS_SENT or first == columns
    return own and data.endswith(b"\n") and data.count(b"\n") > 1


def _sliders() -> Check:
    """Can a control be made, with a line to the page that shows it?"""
    try:
        import ipywidgets

        slider = ipywidgets.IntSlider()
        fine = not in_notebook() or slider.comm is not None
        slider.close()
    except Exception as fault:
        return Check("sliders", False, f"{type(fault).__name__}: {fault}")
    return Check("sliders", fine, f"ipywidgets {ipywidgets.__version__}")
