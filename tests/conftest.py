"""What tests share: the real export, a browser, the list of committed files."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

os.environ.setdefault("MPLBACKEND", "Agg")

# shared machines are slow now and then; a law that fails does so by its values, not by the clock
settings.register_profile("segkit", deadline=None, print_blob=True)
settings.load_profile("segkit")

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("SEGKIT_REAL_DATA", ROOT.parent / "shared" / "data"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a browser is marked so without being told."""
    for item in items:
        if {"chromium", "browser_page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """``real_data("cn_orders_2018.csv")``: a real export that is not part of the repository, or a skip."""

    def find(name: str) -> Path:
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(f"real export {name} is not in the folder SEGKIT_REAL_DATA names")
        return path

    return find


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """One local Spark session for all tests, on loopback; or a skip where Spark or Java is absent."""
    sql = pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None:
        pytest.skip("no Java here, Spark needs it")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
    }
    builder = sql.SparkSession.builder.master("local[2]").appName("segkit tests")
    session = builder.config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's chromium, or a skip. No longer than a module: playwright's event loop is in notebooks' way."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET_BROWSER)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    """A page of a fresh profile, the network off; ``page.on("request", ...)`` before ``goto`` keeps a log."""
    context = chromium.new_context(offline=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def checkout_files() -> list[Path]:
    """Every file that is committed or would be, relative to the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode("utf-8")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout, so nobody knows which files belong to it")
    return sorted(path for name in set(listed.split("\0")) - {""} if (ROOT / (path := Path(name))).is_file())
