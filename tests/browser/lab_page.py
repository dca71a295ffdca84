"""A page of JupyterLab as a trainee has it before him, and what a test does on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lab_server import LabServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ElementHandle, Page, Request, Route

SECONDS = 1000  # playwright counts in milliseconds
ELSEWHERE = re.compile(r"^(https?|wss?)://(?!(127\.0\.0\.1|localhost|\[::1\])[:/])")
DIALOG = ".jp-Dialog"
POP_UP = ".Toastify__toast"
EXPLORER = ".segkit-explorer"  # what a widget of segkit.widgets shows below its controls
CONTROL = {
    "slider": "[role=slider]",
    "choice": ".jp-OutputArea select",
    "number": ".widget-text input[type=number]",
    "tick": "input[type=checkbox]",
    "one of": "input[type=radio]",
    "button row": ".widget-toggle-button",
}
# tried in turn until the picture follows: one of them is always away from where the control stands
KEYS = {
    "slider": ("ArrowRight", "ArrowLeft"),
    "choice": ("ArrowDown", "ArrowUp"),
    "number": ("ArrowUp", "ArrowDown"),
    "tick": ("Space",),
    "one of": ("Space", "ArrowDown"),
    "button row": ("Space",),
}

IDLE = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  return kernel?.status === 'idle' && kernel.connectionStatus === 'connected';
}"""
KERNEL_ANSWERS = """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
  .requestKernelInfo().then(() => true)"""
# a cell is found by its id, which stands in the model and not on the page
PLACE = """id => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  return cells.find(cell => cell.model.id === id)?.node;
}"""
CELLS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"""
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => true)"
SEEN = """node => {
  const pictures = [...node.querySelectorAll('.jp-OutputArea img')].map(img => img.src);
  const words = [...node.querySelectorAll('.jp-OutputArea .widget-html-content')].map(html => html.innerText);
  return (pictures.length ? pictures : words).join(' ');
}"""
SELECT = """id => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = notebook.widgets.findIndex(cell => cell.model.id === id);
}"""
ON_SLIDE = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.hasClass('jp-deck-mod-visible')).map(cell => cell.model.id)"""
NO_ALT = """() => [...document.querySelectorAll('.jp-Notebook .jp-OutputArea img')]
  .filter(img => !(img.alt || '').trim()).map(img => img.closest('.jp-OutputArea').innerText.slice(0, 80))"""


class Elsewhere:
    """Every request that left the machine, or tried to."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.route(ELSEWHERE, self._refuse)
        context.on("request", self._note)

    def _refuse(self, route: Route) -> None:
        route.abort()

    def _note(self, request: Request) -> None:
        if ELSEWHERE.match(request.url):
            self.asked.append(request.url)

    def socket(self, url: str) -> None:
        if ELSEWHERE.match(url):
            self.asked.append(url)


class LabPage:
    """JupyterLab in a browser with a fresh profile, in one language, the world outside refused."""

    def __init__(self, server: LabServer, context: BrowserContext, lang: str) -> None:
        self.server = server
        self.context = context
        self.lang = lang
        self.elsewhere = Elsewhere()
        self.elsewhere.watch(context)
        self.broken: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30 * SECONDS)
        self.page.on("websocket", lambda socket: self.elsewhere.socket(socket.url))
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))

    # --- getting about --------------------------------------------------------------------------

    def start(self, path: str = "") -> None:
        """Load JupyterLab, with the document at `path` if there is one; nothing of an earlier layout comes back."""
        place = f"/tree/{quote(path)}" if path else ""
        address = f"{self.server.url}lab/workspaces/{self.lang}{place}?reset&token={self.server.token}"
        self.page.goto(address, wait_until="domcontentloaded", timeout=60 * SECONDS)
        self.page.wait_for_selector("#jp-main-dock-panel .lm-TabBar-tab", timeout=60 * SECONDS)
        self.page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=60 * SECONDS)
        if path:
            self.wait_idle()

    def open(self, path: str) -> None:
        """Another notebook in the same page, the one before closed and its kernel ended."""
        if not self.page.url.startswith(self.server.url):
            self.start(path)
            return
        self.close_all()
        self.page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', {path})", path)
        name = Path(path).name
        self.page.wait_for_function(
            "name => window.jupyterapp.shell.currentWidget?.context?.path.endsWith(name)", arg=name
        )
        self.wait_idle()

    def close_all(self) -> None:
        self.page.evaluate(
            """async () => {
              const app = window.jupyterapp;
              for (const widget of [...app.shell.widgets('main')]) {
                await widget.context?.save?.();
                widget.close();
              }
              await app.serviceManager.sessions.shutdownAll();
            }"""
        )

    def wait_idle(self, seconds: float = 60) -> None:
        """Until the kernel of the notebook in front has nothing more to do."""
        self.page.wait_for_function(IDLE, timeout=seconds * SECONDS)

    def run_all(self, seconds: float = 100) -> None:
        """All cells, as the menu's command does it; ends when the last one has."""
        self.page.set_default_timeout(seconds * SECONDS)
        self.page.evaluate(RUN_ALL)
        self.page.set_default_timeout(30 * SECONDS)
        self.wait_idle(seconds)

    def command(self, id: str) -> None:
        self.page.evaluate("id => window.jupyterapp.commands.execute(id).then(() => true)", id)

    # --- what is there --------------------------------------------------------------------------

    def cells(self) -> list[dict[str, Any]]:
        """The cells with their outputs, as they would be saved."""
        return list(self.page.evaluate(CELLS))

    def outputs(self) -> dict[str, list[dict[str, Any]]]:
        """Outputs of the code cells by cell id."""
        return {cell["id"]: cell["outputs"] for cell in self.cells() if cell["cell_type"] == "code"}

    def errors(self) -> list[str]:
        """What went wrong, with the cell: errors, and all that was written to the error stream (warnings)."""
        wrong = []
        for id, outputs in self.outputs().items():
            for output in outputs:
                if output["output_type"] == "error":
                    wrong.append(f"{id}: {output['ename']}: {output['evalue']}")
                elif output["output_type"] == "stream" and output["name"] == "stderr":
                    wrong.append(f"{id}: {''.join(output['text'])[:500]}")
        return wrong

    def not_run(self) -> list[str]:
        """Code cells that hold code and were not run."""
        return [
            cell["id"]
            for cell in self.cells()
            if cell["cell_type"] == "code" and "".join(cell["source"]).strip() and not cell["execution_count"]
        ]

    def cell(self, id: str) -> ElementHandle:
        """The cell's place on the page."""
        found = self.page.evaluate_handle(PLACE, id).as_element()
        assert found is not None, f"no cell {id}"
        return found

    def folded(self, id: str) -> bool:
        """Is the cell's code out of sight, a fold in its place?"""
        cell = self.cell(id)
        editor = cell.query_selector(".jp-InputArea-editor")
        return cell.query_selector(".jp-Placeholder") is not None and not (editor and editor.is_visible())

    def widget_cells(self) -> list[str]:
        """Cells that show a widget with something to move."""
        any_control = ", ".join(CONTROL.values())
        with_widget = [
            id
            for id, outputs in self.outputs().items()
            if any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
        ]
        return [id for id in with_widget if self.cell(id).query_selector(any_control)]

    def explorers(self) -> list[str]:
        """Cells whose figure or table follows what is moved, at once."""
        return [id for id in self.widget_cells() if self.cell(id).query_selector(EXPLORER)]

    def forms(self) -> list[str]:
        """Cells in which something is entered and then kept by a button: guesses, answers."""
        return [id for id in self.widget_cells() if not self.cell(id).query_selector(EXPLORER)]

    def seen(self, id: str) -> str:
        """What the cell's widget shows: the sources of its pictures, or its words where it has none; what the
        controls themselves say does not count."""
        return str(self.cell(id).evaluate(SEEN))

    def pictures(self) -> int:
        """How many pictures stand in outputs."""
        return self.page.locator(".jp-Notebook .jp-OutputArea img").count()

    def pictures_without_alt(self) -> list[str]:
        """Of every picture in an output that has no alt text, the words around it."""
        return list(self.page.evaluate(NO_ALT))

    def pop_ups(self) -> list[str]:
        """Dialogs and notices in front of the page."""
        shown = self.page.query_selector_all(f"{DIALOG}, {POP_UP}")
        return [element.inner_text() for element in shown if element.is_visible()]

    def menus(self) -> list[str]:
        return self.page.locator("#jp-MainMenu .lm-MenuBar-itemLabel").all_inner_texts()

    # --- moving ---------------------------------------------------------------------------------

    def move(self, id: str, *kinds: str) -> str:
        """Move the controls of the cell's widget (of these kinds only, if any are named) by keyboard until what
        it shows follows; the kind of the one that did. A widget of which none does is at fault."""
        before, tried = self.seen(id), []
        for name, control in self._controls(id):
            if kinds and name not in kinds:
                continue
            for key in KEYS[name]:
                control.scroll_into_view_if_needed()
                control.focus()
                control.press(key)
                tried.append(f"{name} {key}")
                if self._changes(lambda: self.seen(id) != before):
                    return name
        raise AssertionError(f"cell {id}: what is shown does not follow; tried {tried or 'nothing to move'}")

    def answer(self, id: str, again: bool = False) -> None:
        """Enter something into the cell's form (`again`: something else) and keep it, by keyboard; a form that
        does not say so is at fault."""
        before = self.seen(id)
        name, control = next(self._controls(id))
        control.scroll_into_view_if_needed()
        control.focus()
        control.press(KEYS[name][-1 if again else 0])
        self.settle()
        button = self.cell(id).query_selector(".jp-OutputArea button.jupyter-button")
        assert button, f"cell {id}: no button keeps what was entered"
        button.focus()
        button.press("Enter")
        said = self._changes(lambda: self.seen(id) != before)
        assert said, f"cell {id}: nothing is said after the button was pressed"

    def _controls(self, id: str) -> Iterator[tuple[str, ElementHandle]]:
        for name, selector in CONTROL.items():
            for control in self.cell(id).query_selector_all(selector):
                if control.is_visible() and control.is_enabled():
                    yield name, control

    def _changes(self, holds: Callable[[], bool]) -> bool:
        """Whether it holds once the kernel has dealt with what was sent to it and the page was drawn."""
        self.settle()
        for _ in range(20):
            if holds():
                return True
            self.page.wait_for_timeout(50)
        return False

    def settle(self) -> None:
        """The kernel answers in the order it was asked: after this, it has answered all that went before."""
        self.page.wait_for_timeout(150)
        self.page.evaluate(KERNEL_ANSWERS)

    def select(self, id: str) -> None:
        """Make a cell the one that is worked on."""
        self.page.evaluate(SELECT, id)

    # --- slides ---------------------------------------------------------------------------------

    @contextmanager
    def slides(self) -> Iterator[None]:
        """Deck mode, left as a trainer leaves it."""
        self.command("deck:start")
        self.page.wait_for_selector("body[data-jp-deck-mode=presenting] .jp-Deck .jp-deck-mod-visible")
        try:
            yield
        finally:
            self.page.locator(".jp-Deck-Remote .jp-deck-mod-stop").click()
            self.page.wait_for_selector("body:not([data-jp-deck-mode])", state="attached")

    def on_slide(self) -> list[str]:
        """Ids of the cells that are shown."""
        return list(self.page.evaluate(ON_SLIDE))

    def go_to_slide(self, id: str) -> None:
        """The slide on which the cell stands; what is before it is walked through."""
        for _ in range(200):
            if id in self.on_slide():
                return
            self.command("deck:down" if self._can("down") else "deck:forward")
            self.page.wait_for_timeout(50)
        raise AssertionError(f"cell {id} stands on no slide")

    def _can(self, direction: str) -> bool:
        button = self.page.locator(f".jp-Deck-Remote .jp-deck-mod-direction-{direction}")
        return "jp-mod-disabled" not in (button.get_attribute("class") or "")


@contextmanager
def lab_page(server: LabServer, browser: Browser, lang: str) -> Iterator[LabPage]:
    """A page in that language; a fresh profile, closed at the end with the kernels it started."""
    server.speak(lang)
    size = {"width": 1366, "height": 768}  # the screen of a usual laptop
    context = browser.new_context(viewport=size, locale="zh-CN" if lang == "zh" else "en-US")
    try:
        yield LabPage(server, context, lang)
    finally:
        context.close()
        server.forget()
