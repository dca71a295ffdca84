"""One JupyterLab for all tests of a session; a page for each module and language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from lab_page import LabPage, lab_page
from lab_server import LabServer, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """The server, ended with all its kernels, also when a test fails."""
    pytest.importorskip("jupyterlab")
    server = serve(tmp_path_factory.mktemp("lab"))
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["zh", "en"])
def lab(request: pytest.FixtureRequest, chromium: Browser, lab_server: LabServer) -> Iterator[LabPage]:
    """A page of JupyterLab in each language."""
    with lab_page(lab_server, chromium, request.param) as page:
        yield page
