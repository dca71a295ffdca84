"""start.py: what it decides, says and runs, with an invented Python in place of a real one."""

from __future__ import annotations

import ast
import errno
import importlib.util
import io
import json
import ntpath
import os
import re
import shutil
import signal
import string
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "start.py"


def load(path: Path = SOURCE) -> ModuleType:
    spec = importlib.util.spec_from_file_location("start", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


start = load()

# --- old Pythons -----------------------------------------------------------


def old_pythons() -> list[str]:
    """Interpreters on this machine that are too old, one per version."""
    names = ["python2", *(f"python{v}" for v in ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10"))]
    kept_by_pyenv = sorted(Path.home().glob(".pyenv/versions/*/bin/python"))
    found = {}
    for program in [*filter(None, map(shutil.which, names)), *map(str, kept_by_pyenv)]:
        asked = subprocess.run(
            [program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        version = asked.stdout.strip()
        if asked.returncode == 0 and tuple(map(int, version.split("."))) < (3, 11):
            found[version] = program
    return list(found.values())


def test_an_old_python_says_that_it_is_too_old() -> None:
    interpreters = old_pythons()
    if not interpreters:
        pytest.skip("no Python older than 3.11 on this machine")
    for program in interpreters:
        environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run([program, str(SOURCE), "report"], capture_output=True, env=environ, check=False)
        said = done.stdout.decode("utf-8")
        assert (done.returncode, done.stderr) == (2, b""), program
        assert "太旧" in said and "too old" in said and "3.11" in said


def test_the_starter_is_written_in_words_that_an_old_python_reads() -> None:
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom, ast.Match, ast.MatMult)
    for node in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8"))):
        assert not isinstance(node, newer), f"line {getattr(node, 'lineno', '?')}"
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None and not node.args.kwonlyargs and not node.args.posonlyargs
            assert all(argument.annotation is None for argument in node.args.args)
        if isinstance(node, ast.List | ast.Tuple | ast.Dict):
            assert not any(isinstance(part, ast.Starred) for part in ast.iter_child_nodes(node))
        if isinstance(node, ast.Raise):
            assert node.cause is None, "raise from is Python 3"


@pytest.mark.parametrize(("version", "old"), [((2, 7), True), ((3, 10, 13), True), ((3, 11, 0), False)])
def test_which_python_is_too_old(version: tuple[int, ...], old: bool) -> None:
    assert start.too_old(version) is old


# --- words -----------------------------------------------------------------


@pytest.mark.parametrize("id", start.MESSAGES)
def test_every_message_says_the_same_in_both_languages(id: str) -> None:
    zh, en = (
        {fact for _, fact, _, _ in string.Formatter().parse(text) if fact} for text in start.MESSAGES[id]
    )
    assert zh == en
    assert re.search(r"[\u4e00-\u9fff]", start.MESSAGES[id][0])
    assert start.MESSAGES[id][1].isascii()
    "".join(start.MESSAGES[id]).encode("gbk")  # a Chinese Windows shows it whole


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "cp1252"])
def test_what_a_console_cannot_write_is_replaced(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    console = io.TextIOWrapper(written, encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", console)
    start.tell("making", place="C:\\报告 ✔ ¥")
    said = written.getvalue().decode(encoding)
    assert "Making the environment: C:\\" in said
    assert ("报告" in said) == (encoding == "gbk") and "?" in said


# --- decisions -------------------------------------------------------------

WHOLE = ["pyproject.toml", "start.py", "segkit"]


@pytest.mark.parametrize(
    ("folder", "names", "inside"),
    [
        (r"C:\Users\li\AppData\Local\Temp\Temp1_segkit-main.zip\segkit-main", WHOLE, True),
        (r"C:\Users\li\Downloads\segkit.zip\segkit", WHOLE, True),
        (r"C:\Users\li\AppData\Local\Temp\7zO4A1B2C3D", WHOLE, True),
        (r"C:\Users\li\AppData\Local\Temp\Rar$DIa1234.567\segkit", WHOLE, True),
        (r"C:\Users\li\AppData\Local\Temp\xyz", ["start.py", "start.bat"], True),
        (r"D:\客户 资料\segkit-main", WHOLE, False),
        (r"D:\zip\Template1\segkit", WHOLE, False),
        ("/srv/segkit", WHOLE, False),
    ],
)
def test_started_inside_a_zip(folder: str, names: list[str], inside: bool) -> None:
    assert start.inside_zip(folder, names) is inside


@pytest.mark.parametrize(
    ("root", "profile", "env"),
    [
        (r"C:\segkit", r"C:\Users\li", r"C:\segkit\.venv"),
        (r"D:\客户\segkit", r"C:\Users\li", r"C:\Users\li\.segkit"),
        ("D:\\" + "deep\\" * 20 + "segkit", r"C:\Users\li", r"C:\Users\li\.segkit"),
        (r"D:\客户\segkit", r"C:\Users\李雷", r"C:\segkit-env"),
        (r"D:\客户\segkit", "", r"C:\segkit-env"),
        (r"D:\客户\segkit", "C:\\Users\\" + "l" * 60, r"C:\segkit-env"),
    ],
)
def test_on_windows_the_environment_stands_under_a_short_ascii_path(
    root: str, profile: str, env: str
) -> None:
    found = start.environment_folder(root, True, profile, "C:")
    assert found == env or (
        ntpath.dirname(found) == env and re.fullmatch("[0-9a-f]{8}", ntpath.basename(found))
    )


@given(
    root=st.text(st.characters(codec="utf-8", exclude_characters='\\/:*?"<>|\0'), min_size=1, max_size=200),
    user=st.text(st.characters(codec="utf-8", exclude_characters='\\/:*?"<>|\0'), min_size=1, max_size=80),
)
def test_nothing_inside_the_windows_environment_passes_260_characters(root: str, user: str) -> None:
    env = start.environment_folder("D:\\" + root, True, "C:\\Users\\" + user, "C:")
    assert env.isascii()
    assert len(env) + 1 + 155 < 260
    assert start.python_in(env, True) == env + "\\Scripts\\python.exe"


def test_two_folders_never_share_an_environment_and_one_keeps_its_own() -> None:
    first, second, again = (
        start.environment_folder(root, True, r"C:\Users\li", "C:")
        for root in (r"D:\甲\x", r"D:\乙\x", r"d:\甲\X")
    )
    assert first != second
    assert first == again  # Windows does not tell capitals apart


def test_elsewhere_the_environment_stands_in_the_folder() -> None:
    assert start.environment_folder("/srv/客户/segkit", False) == "/srv/客户/segkit/.venv"
    assert start.python_in("/srv/.venv", False) == "/srv/.venv/bin/python"


def test_what_pip_is_asked_to_do() -> None:
    plain = start.install_arguments("/srv/segkit", "dev", wheels=False)
    assert plain[-2:] == ["-e", ".[dev]"] and "constraints.txt" in plain and "--no-index" not in plain
    offline = start.install_arguments("/srv/segkit", "", wheels=True)
    assert offline[-1] == "." and offline[offline.index("--no-index") :][1:3] == ["--find-links", "wheels"]
    # a .pth file with a Chinese path stops Python 3.11 on a Chinese Windows
    assert "-e" not in start.install_arguments("D:\\客户\\segkit", "", wheels=False)


NO_NETWORK = (
    "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError('...: Failed to "
    "establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/pandas/\n"
    "ERROR: Could not find a version that satisfies the requirement pandas>=3.0\n"
    "ERROR: No matching distribution found for pandas>=3.0\n"
)
MISSING = "ERROR: No matching distribution found for pandas==3.1.1\n"


@pytest.mark.parametrize(
    ("said", "wheels", "id"),
    [
        (NO_NETWORK, False, "no_network"),
        (MISSING, False, "package_missing"),
        (MISSING, True, "wheels_incomplete"),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            False,
            "disk_full",
        ),
        ("OSError: [WinError 112] 磁盘空间不足。", True, "disk_full"),
        ("PermissionError: [WinError 5] Access is denied: 'C:\\\\segkit'", False, "not_writable"),
        ("The virtual environment was not created because ensurepip is not available.", False, "no_venv"),
        ("urllib3.exceptions.ReadTimeoutError: Read timed out.", False, "no_network"),
        ("OSError: [WinError 55] something else", False, "failed"),
    ],
)
def test_the_reason_is_named(said: str, wheels: bool, id: str) -> None:
    assert start.reason(said, wheels) == id


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        ([], False),
        (["--lang", "en"], False),
        (["--lang", "en", "--quiet"], False),
        (["订单.csv"], True),
        (["--quiet", "orders.csv"], True),
        (["--lang", "en", "orders.csv"], True),
        (["orders.csv", "--lang", "en"], True),
    ],
)
def test_whether_the_report_is_of_a_file(arguments: list[str], file: bool) -> None:
    assert start.names_a_file(arguments) is file


def test_the_starter_knows_which_options_of_the_report_take_a_value() -> None:
    """Or it would take the value for a file and leave the sample out."""
    import typer

    from segkit.cli import app

    command = typer.main.get_command(app).commands["report"]  # type: ignore[attr-defined]
    with_value = [p.opts for p in command.params if p.param_type_name == "option" and not p.is_flag]
    assert {name for names in with_value for name in names} <= set(start.VALUE_OPTIONS)


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (
            "input: {orders: [orders.csv, 二店.xlsx], customers: null}  # a.csv\nlang: zh\n",
            ["orders.csv", "二店.xlsx"],
        ),
        (
            "lang: zh\ninput:\n  orders:\n    - orders.csv\n\n  customers: [c.xlsx]\nname: b.csv\n",
            ["orders.csv", "c.xlsx"],
        ),
        ("client: {id: a}\n", []),
    ],
)
def test_the_inputs_of_a_client_are_read_without_yaml(text: str, files: list[str]) -> None:
    assert start.inputs_of(text) == files


@pytest.mark.parametrize(
    ("arguments", "environ", "lang", "rest"),
    [
        (["--lang", "en", "--no-browser"], {"LANG": "zh_CN.UTF-8"}, "en", ["--no-browser"]),
        ([], {"LANG": "en_US.UTF-8"}, "en", []),
        ([], {"LC_ALL": "zh_CN.GBK", "LANG": "en_US.UTF-8"}, "zh", []),
        ([], {"LANG": "fr_FR.UTF-8"}, "zh", []),
    ],
)
def test_the_language_of_the_lab(
    arguments: list[str], environ: dict[str, str], lang: str, rest: list[str]
) -> None:
    assert start.spoken(arguments, environ) == (lang, rest)


# --- what it runs ----------------------------------------------------------

# An invented Python: writes down how it was called, makes an environment of copies of itself, and answers as
# told by files beside the log: <first word>.says holds "exit code, newline, text".
INVENTED = """#!{python}
import json, os, shutil, sys, time
from pathlib import Path
log = Path({log!r})
words = [word for word in sys.argv[1:] if word not in ("-m", "-P")]
path, user, config = map(os.environ.get, ("PYTHONPATH", "PIP_USER", "JUPYTER_CONFIG_DIR"))
call = dict(argv=sys.argv[1:], cwd=os.getcwd(), path=path, user=user, config=config)
with log.open("a", encoding="utf-8") as file:
    file.write(json.dumps(call) + chr(10))
says = log.parent / (words[0] + ".says")
if says.exists():
    code, _, text = says.read_text(encoding="utf-8").partition(chr(10))
    if code == "sleep":
        time.sleep(60)
    print(text, flush=True)
    sys.exit(int(code))
if words[0] == "venv":
    target = Path(words[1], "bin", "python")
    target.parent.mkdir(parents=True)
    shutil.copy(__file__, target)
if words[:3] == ["segkit", "data", "build"]:
    folder = Path("datasets", words[3])
    folder.mkdir(parents=True)
    (folder / "client.yml").write_text("input: {{orders: [orders.csv]}}", encoding="utf-8")
    (folder / "orders.csv").write_text("", encoding="utf-8")
"""


class Desk:
    """A copy of the starter in a folder of its own, with an invented Python."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = folder / "segkit"
        self.root.mkdir()
        for name in ("start.py", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.root)
        self.folder = folder / "elsewhere"
        self.folder.mkdir()
        self.log = self.folder / "log.jsonl"
        self.python = self.folder / "python"
        text = INVENTED.format(python=sys.executable, log=str(self.log))
        self.python.write_text(text, encoding="utf-8")
        self.python.chmod(0o755)
        self.env = self.root / ".venv"
        self.starter = load(self.root / "start.py")
        monkeypatch.setattr(sys, "executable", str(self.python))
        monkeypatch.chdir(self.folder)

    def answer(self, word: str, code: int | str, text: str = "") -> None:
        (self.folder / f"{word}.says").write_text(f"{code}\n{text}", encoding="utf-8")

    def be_silent(self, word: str) -> None:
        (self.folder / f"{word}.says").unlink()

    def calls(self) -> list[dict[str, Any]]:
        """Calls since the last time; the question whether an interpreter runs at all is left out."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [call for call in map(json.loads, lines) if call["argv"][0] != "-c"]

    def words(self) -> list[str]:
        """Of each call the module and its first word."""
        argvs: Iterable[list[str]] = (call["argv"] for call in self.calls())
        return [" ".join([w for w in argv if w not in ("-m", "-P")][:2]) for argv in argvs]

    def run(self, *arguments: str) -> int:
        return int(self.starter.start(list(arguments)))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    if os.name == "nt":
        pytest.skip("the invented Python is a script with a first line, which Windows does not run")
    return Desk(tmp_path, monkeypatch)


def test_the_first_report_makes_installs_builds_and_reports_and_the_second_only_reports(desk: Desk) -> None:
    assert desk.run("report") == 0
    calls = desk.calls()
    assert [call["argv"][1:3] for call in calls[:2]] == [["venv", str(desk.env)], ["pip", "install"]]
    assert calls[1]["argv"][-2:] == ["-e", "."]
    assert (calls[1]["cwd"], calls[1]["path"], calls[1]["user"]) == (str(desk.root), None, "0")
    assert [call["argv"][3:] for call in calls[2:]] == [
        ["data", "build", "client_export"],
        ["report", "datasets/client_export/client.yml"],
    ]
    assert {call["path"] for call in calls[2:]} == {str(desk.root)}
    assert desk.run("report", "--lang", "en") == 0
    (call,) = desk.calls()
    assert call["argv"][3:] == ["report", "datasets/client_export/client.yml", "--lang", "en"]


def test_sample_data_that_lack_an_input_are_built_again(desk: Desk) -> None:
    desk.run("report")
    shutil.copytree(desk.root / "datasets" / "client_export", desk.folder / "kept")
    shutil.rmtree(desk.root / "datasets")
    desk.calls()
    desk.run("report")
    assert desk.words() == ["segkit data", "segkit report"]
    (desk.root / "datasets" / "client_export" / "orders.csv").unlink()
    assert not desk.starter.sample_is_there(str(desk.root))


def test_without_sample_data_there_is_no_report_of_them(desk: Desk) -> None:
    desk.answer("segkit", 2)
    assert desk.run("report") == 2
    assert desk.words()[2:] == ["segkit data"]


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_file_is_reported_from_where_the_user_stands_and_the_exit_code_passes_through(
    desk: Desk, code: int
) -> None:
    desk.answer("segkit", code)
    assert desk.run("report", "订单.csv", "--lang", "en") == code
    call = desk.calls()[-1]
    assert call["argv"] == ["-P", "-m", "segkit", "report", "订单.csv", "--lang", "en"]
    assert call["cwd"] == str(desk.folder)


def test_a_file_dropped_on_the_starter_is_reported(desk: Desk) -> None:
    dropped = desk.folder / "订单.csv"
    dropped.write_text("", encoding="utf-8")
    assert desk.run(str(dropped)) == 0
    assert desk.calls()[-1]["argv"][2:] == ["segkit", "report", str(dropped)]


def test_levels_are_installed_once_and_a_higher_one_holds_the_lower(desk: Desk) -> None:
    desk.run("report")
    desk.calls()
    assert desk.run("test") == 0
    assert desk.words() == ["pip install", "pytest -n"]
    desk.run("report")
    assert desk.words() == ["segkit report"]
    desk.run("test", "tests/test_start.py")
    (call,) = desk.calls()
    assert call["argv"] == ["-m", "pytest", "tests/test_start.py"]


def test_changed_requirements_are_installed(desk: Desk) -> None:
    desk.run("report")
    desk.calls()
    with (desk.root / "constraints.txt").open("a", encoding="utf-8") as file:
        file.write("another==1.0\n")
    desk.run("report")
    assert desk.words() == ["pip install", "segkit report"]


def test_wheels_are_taken_where_they_are(desk: Desk) -> None:
    (desk.root / "wheels").mkdir()
    desk.run("report")
    assert "--no-index" in desk.calls()[1]["argv"]


def test_an_installation_that_was_killed_is_made_again(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.answer("pip", "sleep")
    code = (
        "import importlib.util as u, sys; s = u.spec_from_file_location('start', 'start.py');"
        "m = u.module_from_spec(s); s.loader.exec_module(m);"
        "sys.executable = sys.argv[1]; m.start(['report'])"
    )
    command = [getattr(sys, "_base_executable", sys.executable), "-c", code, str(desk.python)]
    process = subprocess.Popen(command, cwd=desk.root, stdout=subprocess.DEVNULL, start_new_session=True)
    for _ in range(200):
        if desk.log.exists() and '"pip"' in desk.log.read_text(encoding="utf-8"):
            break
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (desk.env / "half a package").write_text("", encoding="utf-8")
    desk.be_silent("pip")
    desk.calls()
    assert desk.run("report") == 0
    assert desk.words()[:2] == [f"venv {desk.env}", "pip install"]
    assert "上次没装完" in capsys.readouterr().out
    assert not (desk.env / "half a package").exists() and not Path(f"{desk.env}-old").exists()


def test_an_addition_that_was_killed_spoils_what_was_there_before(desk: Desk) -> None:
    desk.run("report")
    desk.answer("pip", 137)  # killed, as far as the exit code tells
    assert desk.run("test") == 2
    desk.be_silent("pip")
    desk.calls()
    assert desk.run("report") == 0
    assert desk.words() == [f"venv {desk.env}", "pip install", "segkit report"]


def test_an_environment_whose_python_is_gone_is_made_again(desk: Desk) -> None:
    desk.run("report")
    (desk.env / "bin" / "python").unlink()
    desk.calls()
    assert desk.run("report") == 0
    assert desk.words() == [f"venv {desk.env}", "pip install", "segkit report"]


def test_an_environment_that_the_user_made_is_kept(desk: Desk) -> None:
    (desk.env / "bin").mkdir(parents=True)
    shutil.copy(desk.python, desk.env / "bin" / "python")
    (desk.env / "my notes").write_text("", encoding="utf-8")
    assert desk.run("report") == 0
    assert desk.words()[0] == "pip install"
    assert (desk.env / "my notes").exists()


def test_without_network_it_says_what_to_do_and_what_was_there_still_works(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.run("report")
    desk.answer("pip", 1, NO_NETWORK)
    assert desk.run("test") == 2
    said = capsys.readouterr().out
    assert "连不上安装源" in said and "cannot be reached" in said
    assert "  | ERROR: No matching distribution found for pandas>=3.0" in said
    desk.calls()
    assert desk.run("report") == 0
    assert desk.words() == ["segkit report"]


def test_a_full_disk_is_named_and_the_half_made_environment_is_made_again(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.answer(
        "pip", 1, "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    )
    assert desk.run("report") == 2
    assert "磁盘满了" in capsys.readouterr().out
    desk.be_silent("pip")
    desk.calls()
    assert desk.run("report") == 0
    assert desk.words()[:2] == [f"venv {desk.env}", "pip install"]


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "Cannot write to"), (errno.EROFS, "Cannot write to")],
)
def test_a_folder_that_takes_no_file_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, words: str
) -> None:
    def refuse(path: str) -> None:
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(desk.starter.os, "makedirs", refuse)
    assert desk.run("report") == 2
    assert words in capsys.readouterr().out


def test_a_python_without_venv_is_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.answer("venv", 1, "The virtual environment was not created because ensurepip is not available.")
    assert desk.run("report") == 2
    assert "python3-venv" in capsys.readouterr().out


def test_a_starter_alone_in_its_folder_asks_to_be_unzipped(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk.root / "pyproject.toml").unlink()
    assert desk.run("report") == 2
    said = capsys.readouterr().out
    assert "请先解压" in said and "Unzip first" in said
    assert desk.calls() == [] and not desk.env.exists()


def test_the_lab_opens_the_first_notebook_in_the_users_language(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.run("lab", "--lang", "zh", "--no-browser") == 0
    said = capsys.readouterr().out
    assert "这个窗口不要关" in said and "Keep this window" in said
    call = desk.calls()[-1]
    assert call["argv"][:3] == ["-m", "jupyterlab", f"--ServerApp.root_dir={desk.root}"]
    assert "--LabApp.default_url=/lab" in call["argv"] and call["argv"][-1] == "--no-browser"
    assert "--ServerApp.use_redirect_file=False" in call["argv"]
    settings = desk.env / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    zh = json.loads(settings.read_text(encoding="utf-8"))
    assert zh["@jupyterlab/translation-extension:plugin"] == {"locale": "zh_CN"}
    news = {"fetchNews": "false", "checkForUpdates": False}
    assert zh["@jupyterlab/apputils-extension:notification"] == news
    (desk.root / "notebooks").mkdir()
    for lang in ("zh", "en"):
        (desk.root / "notebooks" / f"00_start.{lang}.ipynb").write_text("{}", encoding="utf-8")
    desk.run("lab", "--lang", "en")
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start.en.ipynb" in desk.calls()[-1]["argv"]
    assert "zh_CN" not in settings.read_text(encoding="utf-8")


def test_the_lab_leaves_the_users_own_jupyterlab_alone_and_does_not_open_with_slides_on(desk: Desk) -> None:
    desk.run("lab", "--lang", "zh")
    config = Path(desk.calls()[-1]["config"])
    assert desk.env in config.parents
    themes = config.joinpath(*desk.starter.LAB_THEMES)
    assert json.loads(themes.read_text(encoding="utf-8")) == desk.starter.LAB_LOOK
    slides = config / "lab" / "user-settings" / "jupyterlab-slideshow" / "plugin.jupyterlab-settings"
    slides.parent.mkdir()
    for file, text in ((slides, '{"active": true}'), (themes, '{"theme": "JupyterLab Dark"}')):
        file.write_text(text, encoding="utf-8")
    desk.run("lab", "--lang", "zh")
    assert "Dark" in themes.read_text(encoding="utf-8") and not slides.exists()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_setting_of_the_lab_is_one_that_jupyterlab_has(lang: str) -> None:
    """Against the schemas of the JupyterLab that is installed: it passes over what it does not know."""
    schemas = Path(sys.prefix) / "share" / "jupyter" / "lab" / "schemas"
    if not schemas.is_dir():
        pytest.skip("no JupyterLab beside this Python")
    for id, wanted in start.lab_settings(lang).items():
        package, plugin = id.split(":")
        schema = json.loads((schemas / package / f"{plugin}.json").read_text(encoding="utf-8"))
        for name, value in wanted.items():
            known = schema["properties"][name]
            kind = {bool: "boolean", int: "number", str: "string", dict: "object", list: "array"}[type(value)]
            assert known.get("type", kind) == kind, (id, name)
            choices = [choice["const"] for choice in known.get("oneOf", [])]
            assert not choices or value in choices, (id, name, value)
    looks = json.loads(
        (schemas / "@jupyterlab/apputils-extension" / "themes.json").read_text(encoding="utf-8")
    )
    assert set(start.LAB_LOOK["overrides"]) <= set(looks["definitions"]["cssOverrides"]["properties"])


@pytest.mark.parametrize(
    ("arguments", "environ", "notebooks", "lang"),
    [
        (["--lang", "en"], {"LANG": "zh_CN"}, ["00_start.zh.ipynb"], "en"),
        ([], {"LANG": "zh_CN"}, ["00_start.en.ipynb", "04_grading.en.ipynb"], "en"),
        ([], {"LANG": "en_US"}, ["00_start.zh.ipynb"], "zh"),
        ([], {"LANG": "en_US"}, ["00_start.zh.ipynb", "00_start.en.ipynb"], "en"),
        ([], {"LANG": "de_DE"}, [], "zh"),
    ],
)
def test_the_language_of_the_room(
    arguments: list[str], environ: dict[str, str], notebooks: list[str], lang: str, tmp_path: Path
) -> None:
    root = tmp_path / "课堂 [1]"
    (root / "notebooks").mkdir(parents=True)
    for name in notebooks:
        (root / "notebooks" / name).write_text("{}", encoding="utf-8")
    assert start.room_language(arguments, environ, str(root)) == (lang, [])


def test_windows_is_asked_for_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for code, lang in ((0x0804, "zh_CN"), (0x0409, "en_US"), (0xFFFF, "")):
        kernel = types.SimpleNamespace(GetUserDefaultUILanguage=lambda code=code: code)
        windll = types.SimpleNamespace(kernel32=kernel)
        monkeypatch.setattr(start.ctypes, "windll", windll, raising=False)
        assert start.windows_language() == lang


def test_check_runs_every_check_although_one_fails(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.answer("mypy", 1)
    assert desk.run("check") == 1
    assert desk.words()[2:] == ["ruff check", "ruff format", "mypy", "pytest -n"]
    assert "Not passed: mypy" in capsys.readouterr().out
    desk.be_silent("mypy")
    assert desk.run("check") == 0


def test_bench_hands_its_options_on(desk: Desk) -> None:
    assert desk.run("bench", "--quick") == 0
    assert desk.calls()[-1]["argv"] == [str(Path("benchmarks", "run.py")), "--quick"]


def test_a_command_that_dies_by_a_signal_is_a_fault(desk: Desk) -> None:
    assert desk.starter.run([sys.executable, "-c", "0"]) == 0
    suicide = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert desk.starter.run([getattr(sys, "_base_executable", "python3"), "-c", suicide]) == 1


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_every_command_and_needs_no_environment(
    desk: Desk, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert desk.run(*arguments) == 0
    said = capsys.readouterr().out
    assert all(said.count(f"start.py {command}") >= 2 for command in desk.starter.COMMANDS)
    assert desk.calls() == []


def test_an_unknown_command_is_refused_with_the_list(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("reprot") == 2
    assert "没有“reprot”这个命令" in capsys.readouterr().out
    assert desk.calls() == []


# --- its callers -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"), [("start.bat", ["请先解压", "没有找到 Python"]), ("lab.bat", ["请先解压", "lab.bat"])]
)
def test_batch_files_are_ascii_with_windows_line_ends_and_speak_chinese_through_code_points(
    name: str, words: list[str]
) -> None:
    raw = (ROOT / name).read_bytes()
    text = raw.decode("ascii")
    assert raw.count(b"\n") == raw.count(b"\r\n") > 10
    chinese = re.sub(r"\\u([0-9a-f]{4})", lambda hit: chr(int(hit.group(1), 16)), text)
    assert all(word in chinese for word in words)
    labels = set(re.findall(r"(?m)^:(\w+)", text))
    assert set(re.findall(r"goto (\w+)", text)) <= labels


def test_lab_bat_calls_start_bat_which_waits_when_something_went_wrong() -> None:
    lab, start_bat = ((ROOT / name).read_text(encoding="ascii") for name in ("lab.bat", "start.bat"))
    assert 'call "%~dp0start.bat" lab %*' in lab and 'set "SEGKIT_PAUSE=1"' in lab
    assert 'if defined SEGKIT_PAUSE if not "%CODE%"=="0" pause' in start_bat


def test_make_calls_the_starter() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    for target in ("report", "test", "lab", "check", "bench"):
        done = subprocess.run([make, "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
        assert f"start.py {target}" in done.stdout


# --- the README's own lines ------------------------------------------------


def fenced(readme: str, language: str, word: str) -> str:
    """The one fenced block of that language in which the word stands."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    blocks = [block for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if word in block]
    assert len(blocks) == 1, (readme, language, word, len(blocks))
    return str(blocks[0])


def test_both_readmes_give_the_same_lines_and_those_for_windows_differ_by_the_folder_only() -> None:
    for language, word in (
        ("sh", "-m venv"),
        ("bat", "-m venv"),
        ("sh", "conda env create"),
        ("sh", "pip wheel"),
    ):
        assert fenced("README.md", language, word) == fenced("README.zh-CN.md", language, word)
    windows = fenced("README.md", "bat", "-m venv").replace(".venv\\Scripts\\", ".venv/bin/")
    assert windows == fenced("README.md", "sh", "-m venv")


@pytest.mark.slow
def test_what_the_real_pip_says_without_a_network_is_understood(tmp_path: Path) -> None:
    for name in ("start.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    nowhere = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
    }
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | nowhere
    python = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        [python, "start.py", "report"],
        cwd=tmp_path,
        env=environ | {"PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2 and "cannot be reached" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
def test_the_readmes_pip_lines_and_the_starter_work_in_a_fresh_copy(
    checkout_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.name == "nt":
        pytest.skip("the lines for Windows are compared with these, not run")
    copy = tmp_path / "客户 资料" / "segkit 副本"
    for name in checkout_files:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(getattr(sys, "_base_executable", sys.executable))
    environ = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    for variable in ("VIRTUAL_ENV", "PYTHONPATH"):
        environ.pop(variable, None)

    def shell(lines: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-e", "-c", f"{{ {lines.strip()}\n}} 2>&1 </dev/null"]
        return subprocess.run(
            command, cwd=copy, env=environ, stdout=subprocess.PIPE, encoding="utf-8", check=False
        )

    done = shell(fenced("README.md", "sh", "-m venv"))
    assert done.returncode == 0, done.stdout[-3000:]
    assert "segkit" in done.stdout
    done = shell(".venv/bin/segkit --help")
    assert done.returncode == 0 and all(word in done.stdout for word in ("init", "check", "report", "doctor"))

    # what was installed holds every file a report needs, and does not look into the checkout for them
    done = shell(
        'mkdir ../away && cd ../away && export PATH="$OLDPWD/.venv/bin:$PATH"\n'
        "segkit data build client_export --out data --size small\nsegkit report data/client_export/client.yml"
    )
    assert done.returncode == 0, done.stdout[-3000:]
    (printed,) = [line for line in done.stdout.splitlines() if line.endswith("report.html")]
    assert (copy.parent / "away" / printed).is_file()

    # what environment.yml hands to pip asks for nothing that is not there now
    (copy / "from_environment.txt").write_text("\n".join(environment_pip_lines()) + "\n", encoding="ascii")
    done = shell(".venv/bin/python -m pip install --dry-run -r from_environment.txt")
    assert done.returncode == 0, done.stdout[-3000:]
    asked = [line for line in done.stdout.splitlines() if line.startswith("Would install")]
    assert all(re.fullmatch(r"Would install segkit-[\d.]+", line) for line in asked)

    # the starter takes over this environment, passes the exit code on, and is ready at once the second time
    done = shell("python start.py report 'no such file.csv'")
    assert done.returncode == 2, done.stdout[-3000:]
    assert "no such file.csv" in done.stdout and "Traceback" not in done.stdout
    assert "Installed in" in done.stdout
    assert "Installing" not in shell("python start.py report 'no such file.csv'").stdout


def environment_pip_lines() -> list[str]:
    """What environment.yml asks pip to install; it is small enough to be read by its indentation."""
    text = (ROOT / "environment.yml").read_text(encoding="ascii")
    return re.findall(r"^ {6}- (.+)$", text, re.MULTILINE)


@pytest.mark.slow
def test_the_readmes_conda_lines_make_an_environment(tmp_path: Path) -> None:
    conda: Callable[[str], str | None] = shutil.which
    program = conda("conda") or conda("mamba") or conda("micromamba")
    if program is None:
        pytest.skip(
            "no conda on this machine; what environment.yml hands to pip is tested with the pip lines"
        )
    assert "conda env create -f environment.yml" in fenced("README.md", "sh", "conda")
    target = str(tmp_path / "env")
    subprocess.run(
        [program, "env", "create", "-q", "-f", str(ROOT / "environment.yml"), "-p", target], check=True
    )
    subprocess.run([program, "run", "-p", target, "segkit", "doctor"], check=True)
