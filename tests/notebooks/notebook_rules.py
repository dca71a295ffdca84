"""What holds of every notebook of the workbook: one function per rule, each gives what is wrong, in words.

``RULES`` are about a notebook as it is committed, ``TWIN_RULES`` about a pair, ``RUN_RULES`` about one after Run All.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from segkit.workshop.notebooks import ANSWER, LANG_CELL, OPTIONAL, PINNED, ROLES, SOLUTION, Cell, Notebook
from segkit.workshop.pinning import shows, vacuous
from segkit.workshop.stubs import BEGIN, END

LONGEST, LONGEST_SETUP, IN_A_ROW, FIGURES = 12, 20, 2, 6
FOLDED = {LANG_CELL, "setup", "widget", "form"}
TAGS = {*FOLDED, *ROLES, "trainer", "hidden-output", ANSWER, SOLUTION, PINNED, OPTIONAL}
SLIDES = {"slide", "subslide", "fragment", "skip", "notes"}
TAUGHT = {"segkit", "tempfile", "numpy", "pandas", "matplotlib", "matplotlib.pyplot", "seaborn"}
CHINESE = re.compile(r"[\u3400-\u9fff]")


def is_lesson(notebook: Notebook) -> bool:
    """Lessons and case studies; exercises follow a plan of their own."""
    return "exercises" not in notebook.path.parts


def prose(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook.cells if cell.kind == "markdown"]


def code(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook.cells if cell.kind == "code"]


def nodes(notebook: Notebook) -> Iterator[tuple[Cell, ast.AST]]:
    for cell in code(notebook):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            continue  # `code_is_python` tells
        for node in ast.walk(tree):
            yield cell, node


# --- as committed ----------------------------------------------------------------------------------


def code_is_python(notebook: Notebook) -> Iterator[str]:
    """No magics and no shell lines either."""
    for cell in code(notebook):
        try:
            ast.parse(cell.source)
        except SyntaxError as fault:
            yield f"{cell.id}: no Python: {fault.msg}"
        if not cell.source.strip():
            yield f"{cell.id}: empty"


def code_is_short(notebook: Notebook) -> Iterator[str]:
    for cell in code(notebook):
        lines = [line for line in cell.source.strip().split("\n") if line.strip() not in (BEGIN, END)]
        most = LONGEST_SETUP if "setup" in cell.tags else LONGEST
        if len(lines) > most:
            yield f"{cell.id}: {len(lines)} lines of code, at most {most}"


def prose_stands_between_code(notebook: Notebook) -> Iterator[str]:
    row = 0
    for cell in notebook.cells:
        row = row + 1 if cell.kind == "code" else 0
        if row > IN_A_ROW:
            yield f"{cell.id}: code cell number {row} in a row without prose"


def first_cell_says_what_for_and_how_long(notebook: Notebook) -> Iterator[str]:
    if not notebook.title:
        yield "the first cell does not begin with '# Title'"
    if notebook.stated_minutes is None:
        yield "the first cell states no time: **用时** 80 分钟, **Time** 80 min"
    if is_lesson(notebook) and notebook.cells:
        items = re.findall(r"(?m)^\s*(?:[-*]|\d+[.)])\s+\S", notebook.cells[0].source)
        if len(items) < 3:
            yield f"the first cell lists {len(items)} things one will be able to do, 3 are wanted"


def last_section_is_to_take_away(notebook: Notebook) -> Iterator[str]:
    if not is_lesson(notebook):
        return
    wanted = {"zh": "带走", "en": "Take away"}[notebook.lang]
    if not notebook.sections or re.sub(r"^\d+\.\s*", "", notebook.sections[-1].heading) != wanted:
        yield f"the last section is not '{wanted}'"
        return
    last = notebook.sections[-1]
    text = "\n".join(c.source for c in notebook.cells[last.first : last.last + 1] if c.kind == "markdown")
    if len(re.findall(r"(?m)^\s*(?:[-*]|\d+[.)])\s+\S", text)) < 3:
        yield f"'{wanted}' lists fewer than three sentences"


def minutes_add_up(notebook: Notebook) -> Iterator[str]:
    timed = [section for section in notebook.sections if section.minutes is not None]
    if not is_lesson(notebook) and not timed:
        return  # an exercise states its time as a whole
    for section in notebook.sections:
        if section.minutes is None:
            yield f"section '{section.heading}' states no minutes"
    total = sum(section.minutes or 0 for section in notebook.sections if not section.optional)
    if total != notebook.stated_minutes:
        yield f"sections take {total} minutes, the first cell says {notebook.stated_minutes}"


def headings_stand_at_the_top_of_a_cell(notebook: Notebook) -> Iterator[str]:
    """Where they are not, no agenda sees them."""
    for cell in prose(notebook):
        text = re.sub(r"(?ms)^```.*?^```", "", cell.source.strip())
        if re.search(r"\n##[ \t]", text):
            yield f"{cell.id}: '## ' in the middle of the cell"


def optional_in_text_is_optional_by_tag(notebook: Notebook) -> Iterator[str]:
    for section in notebook.sections:
        cell = notebook.cells[section.first]
        heading = cell.source.strip().split("\n", 1)[0]
        says = bool(re.search(r"[，,]\s*(?:选做|optional)\s*[）)]\s*$", heading))
        if says != (OPTIONAL in cell.tags):
            yield f"{cell.id}: the heading says {'' if says else 'not '}optional, the tags do not agree"


def imports_are_those_taught(notebook: Notebook) -> Iterator[str]:
    for cell, node in nodes(notebook):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        for name in names:
            if name not in TAUGHT:
                yield f"{cell.id}: imports {name}"


def nothing_depends_on_the_day(notebook: Notebook) -> Iterator[str]:
    for cell, node in nodes(notebook):
        called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if called in ("now", "today", "utcnow", "time_ns", "perf_counter"):
            yield f"{cell.id}: {ast.unparse(node)}"
        if isinstance(node, ast.Constant) and node.value in ("now", "today"):
            yield f"{cell.id}: the date {node.value!r}"


def no_line_ends_in_a_semicolon(notebook: Notebook) -> Iterator[str]:
    for cell in code(notebook):
        if re.search(r";[ \t]*$", cell.source, re.MULTILINE):
            yield f"{cell.id}: a line ends in ;"


def nothing_comes_from_the_network(notebook: Notebook) -> Iterator[str]:
    """Links one may click are fine; what loads by itself is not."""
    for cell, node in nodes(notebook):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search(r"\b(?:https?|ftp)://", node.value)
        ):
            yield f"{cell.id}: address in code"
    for cell in prose(notebook):
        if re.search(
            r"!\[[^\]]*\]\(\s*(?:https?:)?//|<(?:script|iframe|link|object)\b|src\s*=\s*[\"']?(?:https?:)?//",
            cell.source,
        ):
            yield f"{cell.id}: loads from the network"


def no_path_leads_out(notebook: Notebook) -> Iterator[str]:
    outside = re.compile(r"^(?:/\w|~[/\\]|[A-Za-z]:[/\\]|\\\\)|(?:^|/)\.\./(?:.*/)?\.\./")
    for cell, node in nodes(notebook):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and outside.search(node.value):
            yield f"{cell.id}: path {node.value!r}"


def ids_are_names(notebook: Notebook) -> Iterator[str]:
    for id, n in Counter(cell.id for cell in notebook.cells).items():
        if n > 1:
            yield f"{id}: {n} cells of this id"
        if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", id) or len(id) > 60:
            yield f"{id}: ids are small letters, digits and hyphens, at most 60"
        # JupyterLab names a new cell by chance: nobody can speak of it
        if re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=.*\d)(?=.*[a-f])[0-9a-f]{8}", id):
            yield f"{id}: an id by chance, give it a name"


def tags_and_slides_are_known(notebook: Notebook) -> Iterator[str]:
    for cell in notebook.cells:
        for tag in set(cell.tags) - TAGS:
            yield f"{cell.id}: tag {tag}"
        show = cell.raw.get("metadata", {}).get("slideshow", {}).get("slide_type", "skip")
        if show not in SLIDES:
            yield f"{cell.id}: slide type {show!r}"


def set_up_is_folded(notebook: Notebook) -> Iterator[str]:
    for cell in code(notebook):
        hidden = cell.raw.get("metadata", {}).get("jupyter", {}).get("source_hidden", False)
        if FOLDED & set(cell.tags) and not hidden:
            yield f"{cell.id}: not folded"


def one_cell_sets_the_language(notebook: Notebook) -> Iterator[str]:
    tagged = [cell for cell in notebook.cells if LANG_CELL in cell.tags]
    if len(tagged) != 1 or tagged != code(notebook)[:1]:
        yield f"{len(tagged)} cells tagged {LANG_CELL}; one is wanted, before all other code"
        return
    calls = [node for cell, node in nodes(notebook) if cell == tagged[0] and isinstance(node, ast.Call)]
    said = [
        a.value
        for call in calls
        for a in (*call.args, *(k.value for k in call.keywords))
        if isinstance(a, ast.Constant)
    ]
    if said != [notebook.lang]:
        yield f"{tagged[0].id}: sets {said}, the file is {notebook.lang}"


def english_is_english(notebook: Notebook) -> Iterator[str]:
    """Chinese stands in English prose only as a term: in brackets, quotation marks or as code."""
    if notebook.lang != "en":
        return
    for cell in prose(notebook):
        text = re.sub(r"(?ms)^```.*?^```|`[^`\n]*`", "", cell.source)
        text = re.sub(r"[（(][^（()）\n]*[)）]|“[^”\n]*”|\"[^\"\n]*\"|'[^'\n]*'|「[^」\n]*」", "", text)
        if found := CHINESE.search(text):
            line = next(line for line in text.split("\n") if found.group() in line)
            yield f"{cell.id}: Chinese in English prose: {line.strip()[:60]}"


def words_are_plain(notebook: Notebook) -> Iterator[str]:
    for cell in prose(notebook):
        text = re.sub(r"(?ms)^```.*?^```|`[^`\n]*`|!\[", "", cell.source)
        if found := re.search(r"(?<!<)[!！]|智能", text):
            yield f"{cell.id}: {found.group()!r}"


def only_pinned_cells_hold_outputs(notebook: Notebook) -> Iterator[str]:
    for cell in code(notebook):
        if PINNED not in cell.tags and (cell.outputs or cell.raw.get("execution_count")):
            yield f"{cell.id}: holds an output"


def pinned_cells_hold_something(notebook: Notebook) -> Iterator[str]:
    for cell in notebook.cells:
        if PINNED not in cell.tags:
            continue
        if cell.kind != "code":
            yield f"{cell.id}: pinned, but no code"
        elif not cell.outputs or not isinstance(cell.raw.get("execution_count"), int):
            yield f"{cell.id}: pinned without output and execution count"
        elif any(
            output["output_type"] == "error" or output.get("name") == "stderr" for output in cell.outputs
        ):
            yield f"{cell.id}: an error is pinned"
        elif vacuous(cell):
            yield f"{cell.id}: what is pinned could not tell a wrong result"


RULES: list[Callable[[Notebook], Iterator[str]]] = [
    code_is_python,
    code_is_short,
    prose_stands_between_code,
    first_cell_says_what_for_and_how_long,
    last_section_is_to_take_away,
    minutes_add_up,
    headings_stand_at_the_top_of_a_cell,
    optional_in_text_is_optional_by_tag,
    imports_are_those_taught,
    nothing_depends_on_the_day,
    no_line_ends_in_a_semicolon,
    nothing_comes_from_the_network,
    no_path_leads_out,
    ids_are_names,
    tags_and_slides_are_known,
    set_up_is_folded,
    one_cell_sets_the_language,
    english_is_english,
    words_are_plain,
    only_pinned_cells_hold_outputs,
    pinned_cells_hold_something,
]


# --- a pair ----------------------------------------------------------------------------------------

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_SCALE = {"万": 1e4, "亿": 1e8, "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "m": 1e6}
_NUMBER = re.compile(
    r"(?P<n>\d[\d,]*(?:\.\d+)?)(?:\s*(?P<scale>万|亿|thousand\b|million\b|billion\b|[kKM]\b))?"
)


def numbers(text: str) -> set[float]:
    """The numbers in digits in a text: 1.2 万 is 12,000, and 31 December 2025 is 2025 年 12 月 31 日."""
    for number, month in enumerate(MONTHS, 1):
        text = re.sub(rf"\b{month}\b(?=\s+\d)|(?<=\d )\b{month}\b", f" {number} ", text)
    text = re.sub(r"双\s*11(?!\d)", "11.11", text)  # the day of sales is written 11.11 in English
    found = set()
    for hit in _NUMBER.finditer(text):
        scale = _SCALE[hit["scale"].lower()] if hit["scale"] else 1.0
        found.add(round(float(hit["n"].replace(",", "")) * scale, 6))
    return found


_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_ONES += " seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ALSO = {
    "once": 1,
    "single": 1,
    "first": 1,
    "twice": 2,
    "both": 2,
    "second": 2,
    "half": 2,
    "pair": 2,
    "third": 3,
}
_ALSO |= {
    "thirds": 3,
    "quarter": 3,
    "fourth": 4,
    "fifth": 5,
    "tenth": 10,
    "tenths": 10,
    "dozen": 12,
    "hundred": 100,
}
WORDS = {word: n for n, word in enumerate(_ONES.split())} | _ALSO
WORDS |= {word: 10 * n for n, word in enumerate(_TENS.split(), 2)}
CHINESE_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "双": 2, "单": 1, "半": 2}


def spelled(text: str) -> set[float]:
    """The numbers in words in a text, in either language: three, twenty-four, 二十四, 两."""
    found = set[float]()
    for hit in re.finditer(r"[a-z]+(?:-[a-z]+)?", text.lower()):
        parts = [WORDS[part] for part in hit.group().split("-") if part in WORDS]
        found |= {*parts, sum(parts)} if parts else set()
    for word in re.findall(r"([a-z]+)[ -]hundred", text.lower()):
        found |= {100 * WORDS[word]} if word in WORDS else set()
    found |= {10 * CHINESE_DIGITS[c] for c in re.findall(r"([一二三四五六七八九两])成", text)}
    for run in re.findall(r"[零一二三四五六七八九十百两双单半]+", text):
        found |= {CHINESE_DIGITS[c] for c in run if c in CHINESE_DIGITS}
        for hit in re.finditer(r"([一二三四五六七八九]?)十([一二三四五六七八九]?)", run):
            found.add(10 * CHINESE_DIGITS.get(hit[1], 1) + CHINESE_DIGITS.get(hit[2], 0))
        found |= {100} if "百" in run else set()
    return found


def numbers_are_the_same(zh: Notebook, en: Notebook) -> Iterator[str]:
    """In digits on both sides, or in digits on one and in words on the other."""
    english = {cell.id: cell for cell in prose(en)}
    for cell in prose(zh):
        if cell.id not in english:
            continue  # the pairs tell
        here, there = cell.source, english[cell.id].source
        lost = [f"{n:,g}" for n in sorted(numbers(here) - numbers(there) - spelled(there))]
        more = [f"{n:,g}" for n in sorted(numbers(there) - numbers(here) - spelled(here))]
        if lost or more:
            yield f"{cell.id}: only in zh {lost}, only in en {more}"


TWIN_RULES: list[Callable[[Notebook, Notebook], Iterator[str]]] = [numbers_are_the_same]


# --- after Run All ---------------------------------------------------------------------------------


def pictures(cell: Cell) -> list[dict]:
    """Metadata of each picture a cell shows."""
    shown = [output for output in cell.outputs if any(m.startswith("image/") for m in output.get("data", {}))]
    return [output.get("metadata", {}).get("image/png", {}) for output in shown]


def promises_are_kept(committed: Notebook, ran: Notebook) -> Iterator[str]:
    after = {cell.id: cell for cell in ran.cells}
    for cell in committed.cells:
        if PINNED in cell.tags and shows(cell) != shows(after[cell.id]):
            yield f"{cell.id}: pinned {shows(cell)}, now {shows(after[cell.id])}"


def nothing_is_complained_of(committed: Notebook, ran: Notebook) -> Iterator[str]:
    for cell in ran.cells:
        for output in cell.outputs:
            if output["output_type"] == "error" or output.get("name") == "stderr":
                yield f"{cell.id}: {str(output.get('text', output.get('evalue')))[:200]}"


def figures_say_what_they_show(committed: Notebook, ran: Notebook) -> Iterator[str]:
    for cell in ran.cells:
        for said in pictures(cell):
            own = said.get("segkit", {})
            if not own:
                yield f"{cell.id}: a picture that is no figure of segkit.charts"
                continue
            if len(said.get("alt", "")) < 20:
                yield f"{cell.id}: alt text {said.get('alt')!r}"
            if len(own.get("title", "")) < 6:
                yield f"{cell.id}: title {own.get('title')!r}"
            yield from (f"{cell.id}: {what}" for what in bare_axes(own["axes"]))


def bare_axes(panels: list[dict]) -> Iterator[str]:
    """Axes with nothing but numbers and no name that says of what."""
    for number, panel in enumerate(panels, 1):
        for side in ("x", "y"):
            ticks = [tick for tick in panel[f"{side}_ticks"] if tick.strip()]
            plain = bool(ticks) and all(
                re.fullmatch(r"[-−–+]?[\d,.]+\s*[kKM]?", tick.strip()) for tick in ticks
            )
            # panels side by side share the y axis of the first; a heading names what runs along x
            named = panel[side] or (panel["heading"] if side == "x" else panels[0]["y"])
            if plain and not named:
                yield f"panel {number}: numbers {ticks[:3]} along {side} and no word of what"


def figures_are_few(committed: Notebook, ran: Notebook) -> Iterator[str]:
    n = sum(len(pictures(cell)) for cell in ran.cells)
    if n > FIGURES:
        yield f"{n} figures, at most {FIGURES}"


def nothing_is_shown_by_its_address(committed: Notebook, ran: Notebook) -> Iterator[str]:
    """``<Axes: ...>`` or ``<segkit.X at 0x...>`` where a reader expects a result."""
    for cell in ran.cells:
        for output in cell.outputs:
            data = output.get("data", {})
            text = "".join(data.get("text/plain", ""))
            richer = [mime for mime in data if mime != "text/plain"]
            if not richer and re.match(r"\[?<[\w.]+[ :].*>", text):
                yield f"{cell.id}: shows {text[:60]}"


RUN_RULES: list[Callable[[Notebook, Notebook], Iterator[str]]] = [
    promises_are_kept,
    nothing_is_complained_of,
    figures_say_what_they_show,
    figures_are_few,
    nothing_is_shown_by_its_address,
]


# --- what is there ---------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[2]


def committed(lang: str) -> list[Path]:
    """The notebooks of one language on disk, relative to the root."""
    found = []
    for folder in ("notebooks", "casestudies", "exercises"):
        for path in sorted((ROOT / folder).rglob(f"*.{lang}.ipynb")):
            if ".ipynb_checkpoints" not in path.parts:
                found.append(path.relative_to(ROOT))
    return found
