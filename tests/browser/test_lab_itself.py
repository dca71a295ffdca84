"""What the other tests of JupyterLab rest on: it asks when nobody tells it not to, and it leaves nothing behind."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab_page import POP_UP, lab_page
from lab_server import LabServer, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_without_the_settings_of_the_class_jupyterlab_asks(chromium: Browser, lab_server: LabServer) -> None:
    with lab_page(lab_server, chromium, "en") as page:
        settings = lab_server.folder / "settings" / "overrides.json"
        wanted = settings.read_text(encoding="utf-8")
        settings.write_text("{}", encoding="utf-8")
        try:
            page.start()
            page.page.wait_for_selector(POP_UP)
            assert "news" in page.pop_ups()[0]
        finally:
            settings.write_text(wanted, encoding="utf-8")


@pytest.mark.browser
def test_the_server_ends_with_every_kernel(tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")
    server = serve(tmp_path / "lab")
    try:
        server.ask("api/kernels", "POST")
        started = [psutil.Process(server.process.pid)]
        started += started[0].children(recursive=True)
    finally:
        server.stop()
    assert len(started) >= 2, "the server and one kernel"
    until = time.monotonic() + 10
    while any(process.is_running() for process in started) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [process for process in started if process.is_running()]
