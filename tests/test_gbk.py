"""Everything once more as on a Chinese Windows: a GBK locale, Chinese folders with blanks, no UTF-8 mode."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# what reads or writes files and texts; schemes that only compute know no locale
CORE = [
    "tests/intake",
    "tests/privacy",
    "tests/schemes/test_lookup.py",
    "tests/schemes/test_places.py",
    "tests/schemes/test_store.py",
    "tests/test_config.py",
    "tests/test_customers.py",
]
LEFT_OUT = [
    # on Linux the engines read a path as UTF-8 whatever the locale says; Windows, meant here, has wide paths
    "tests/intake/test_in_engine.py",
]
FOLDER = "客户 资料"


@pytest.fixture(scope="module")
def gbk() -> dict[str, str]:
    """The environment of a GBK machine, or a skip."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.lower()
    if "zh_cn.gbk" not in known:
        program = shutil.which("localedef")
        made = program and subprocess.run(
            [program, "-i", "zh_CN", "-f", "GBK", "zh_CN.GBK"], capture_output=True, check=False
        )
        if not made or made.returncode not in (0, 1):
            pytest.skip("no zh_CN.GBK locale here and no right to make it")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SEGKIT_LANG", "PYTEST"))}
    return {**kept, "LC_ALL": "zh_CN.GBK", "PYTHONUTF8": "0"}


def folder_in_gbk(parent: Path) -> bytes:
    """A folder whose name is written as a GBK machine writes it."""
    path = os.fsencode(parent) + b"/" + FOLDER.encode("gbk")
    os.mkdir(path)  # noqa: PTH102 - pathlib takes no bytes
    return path


@pytest.mark.slow
def test_the_core_tests_pass_under_gbk(gbk, tmp_path):
    temporary = folder_in_gbk(tmp_path) + b"/t"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow and not browser",
    ]
    done = subprocess.run(
        [
            *map(os.fsencode, [*command, *(f"--ignore={path}" for path in LEFT_OUT), *CORE]),
            b"--basetemp=" + temporary,
        ],
        cwd=ROOT,
        env=gbk,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode("gbk", "replace")[-4000:]
    assert b"[100%]" in done.stdout


@pytest.mark.slow
def test_a_report_under_gbk(gbk, tmp_path):
    """What GBK cannot write is replaced, never raised; in- and output under a Chinese path."""
    folder = folder_in_gbk(tmp_path)
    source = folder + b"/" + "订单 一店.csv".encode("gbk")
    rows = [f"C{i % 40:03d},2025-{1 + i % 12:02d}-{1 + i % 27:02d},S{i:04d},¥{10 + i}" for i in range(200)]
    with open(source, "wb") as file:  # noqa: PTH123
        file.write("\n".join(["客户编号,下单时间,订单号,实付金额", *rows]).encode("utf-8"))
    done = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"segkit", b"report", source],
        capture_output=True,
        cwd=folder,
        env=gbk,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("gbk", "replace")
    printed = done.stdout.decode("gbk")
    assert "report.html" in printed and FOLDER in printed
    assert "读取文件" in done.stderr.decode("gbk")
    pages = list(Path(os.fsdecode(folder)).rglob("report.html"))
    assert len(pages) == 1 and "订单 一店" in pages[0].read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_file_name_that_is_no_text_is_a_problem_not_a_fault(tmp_path):
    """On Linux a name is bytes; one that is no text in this locale cannot be written into a report."""
    source = os.fsencode(tmp_path) + b"/" + "订单".encode("gbk") + b".csv"
    with open(source, "wb") as file:  # noqa: PTH123
        file.write(b"a,b\n")
    command = [os.fsencode(sys.executable), b"-m", b"segkit", b"report", source, b"--lang", b"en"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 2 and b"rename" in done.stderr
