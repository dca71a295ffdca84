# -*- coding: utf-8 -*-
"""Start segkit (客户分类与跟进) on a machine that has Python and nothing else.

    python start.py report            the sample client's report
    python start.py report my.csv     the report of your own file
    python start.py lab               JupyterLab
    python start.py test              every test
    python start.py check             the quick checks
    python start.py bench             the benchmarks

The first run makes an environment in .venv and installs segkit there; later runs start at once. Standard
library only, and in words that every Python since 2.7 can read, so that an old one can say it is too old:
hence no annotations, no f-strings and no pathlib in this file.
"""

from __future__ import print_function, unicode_literals

import ctypes
import errno
import glob
import hashlib
import io
import json
import locale
import ntpath
import os
import posixpath
import re
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.abspath(__file__))
WINDOWS = os.name == "nt"
SAMPLE = "datasets/client_export/client.yml"

# Each level installs all that stands before it.
LEVELS = ["", "workshop", "dev"]

# Windows allows 260 characters; the longest path inside the environment has 155, "\.venv\" has 7.
LONGEST_ROOT = 90
LONGEST_PROFILE = 60

STAMP = "segkit-installed.json"
UNFINISHED = "segkit-unfinished"

# Options of `segkit report` that are followed by a value, which is then not a file to report.
VALUE_OPTIONS = ("--lang", "--to", "--as-of", "--previous", "--notebook", "--jobs")

# What `start.py check` runs, quick ones first.
CHECKS = [
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("import-linter", ["-c", "from importlinter.cli import lint_imports_command as main; main()"]),
    ("mypy", ["-m", "mypy"]),
    ("pytest", ["-m", "pytest", "-n", "2", "--dist", "loadfile", "-m", "not slow and not browser"]),
]
EVERY_TEST = ["-n", "2", "--dist", "loadfile"]

# Arrows and the space bar belong to the control that has the focus, of which JupyterLab and its slides would
# make steps to the next cell. No command is behind the name: the key is left to the browser.
CONTROL_KEYS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Space"]
CONTROL_FOCUSED = (
    ".jp-Notebook.jp-mod-commandMode:not(.jp-mod-readWrite) .jp-OutputArea .jupyter-widgets :focus"
)

# JupyterLab in class: nothing is asked, fetched or installed, work is saved every 30 s, code is read from the
# last row, and line numbers stand where segkit's messages name them. Its language is set beside these.
LAB = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # what is typed and the press of a button reach the kernel in the order they were made
    "@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": True, "autosaveInterval": 30},
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
    "@jupyterlab/filebrowser-extension:browser": {"navigateToCurrentDirectory": True},
    "@jupyterlab/notebook-extension:tracker": {
        "autoStartDefaultKernel": True,
        "codeCellConfig": {"lineNumbers": True, "lineWrap": True},
    },
    "@jupyterlab/shortcuts-extension:shortcuts": {
        "shortcuts": [
            {
                "command": "segkit:left-to-the-control",
                "keys": [key],
                "selector": CONTROL_FOCUSED,
                "preventDefault": False,
            }
            for key in CONTROL_KEYS
        ]
    },
}
# Font sizes are read from the user's settings only, so they are written there once, as if chosen in the menus.
# A Chinese font is named: left to the browser, characters come out in their Japanese shapes. What a machine
# does not have is passed over.
LAB_THEMES = ["lab", "user-settings", "@jupyterlab", "apputils-extension", "themes.jupyterlab-settings"]
LAB_LOOK = {
    "overrides": {
        "code-font-size": "15px",
        "content-font-size1": "16px",
        "ui-font-size1": "14px",
        "code-font-family": "Consolas, Menlo, 'DejaVu Sans Mono', 'Microsoft YaHei', 'PingFang SC', monospace",
        "content-font-family": "'Segoe UI', 'Microsoft YaHei', 'PingFang SC', 'Noto Sans CJK SC', sans-serif",
        "ui-font-family": "'Segoe UI', 'Microsoft YaHei', 'PingFang SC', 'Noto Sans CJK SC', sans-serif",
    }
}

# Every kernel of the class knows segkit before the first cell is run: a cell run out of turn gets a plain line.
LAB_STARTUP = ["ipython", "profile_default", "startup", "00-segkit.py"]
LAB_KERNEL = "import segkit\n\nsegkit.use()\n"

MESSAGES = {
    "old_python": (
        "这个 Python 是 {found}，太旧了；需要 {oldest} 或更新（3.11 到 3.13 都可以）。装好后再运行一次。",
        "This Python is {found}, which is too old; {oldest} or newer is needed (3.11 to 3.13 are fine). "
        "Install one, then run again.",
    ),
    "inside_zip": (
        "请先解压：现在是在压缩包里直接打开的。右键压缩包，“全部解压缩”，再到解压出的文件夹里运行。位置：{folder}",
        "Unzip first: this was opened inside the zip file. Right-click it, 'Extract all', then run again "
        "in the folder that comes out. Place: {folder}",
    ),
    "not_writable": (
        "写不进 {place}。请把整个文件夹复制到有写权限的地方（例如“文档”），再运行一次。",
        "Cannot write to {place}. Copy the whole folder to a place you may write to (Documents, for one), "
        "then run again.",
    ),
    "disk_full": (
        "磁盘满了：环境约需 1.5 GB。清出空间后再运行一次，没装完的会重新装。",
        "The disk is full: the environment needs about 1.5 GB. Free some space, then run again; what was not "
        "finished is made again.",
    ),
    "no_network": (
        "连不上安装源，文件夹里也没有 wheels。三个办法：接上网络再运行；在 pip 设置里写上单位的镜像或代理；"
        "或从能上网的电脑带一个 wheels 文件夹来（见 README.zh-CN.md）。",
        "The package source cannot be reached and there is no wheels folder. Three ways: connect and run "
        "again; name your mirror or proxy in pip's settings; or bring a wheels folder from a machine that is "
        "online (see README.md).",
    ),
    "package_missing": (
        "安装源里没有所需的包或版本（见下面几行）。核对 pip 设置里的镜像，或换用 Python 3.11 到 3.13。",
        "The package source does not have a package or version that is needed (see below). Check the mirror "
        "in pip's settings, or use Python 3.11 to 3.13.",
    ),
    "wheels_incomplete": (
        "wheels 文件夹不全，或者是给别的 Python 版本、别的系统做的（见下面几行）。按 README.zh-CN.md 重做，"
        "或改名后联网安装。",
        "The wheels folder is incomplete, or made for another Python version or system (see below). Make it "
        "again as README.md says, or rename it and install from the network.",
    ),
    "no_venv": (
        "这个 Python 不带 venv。在 Debian 或 Ubuntu 上先运行：sudo apt install python3-venv",
        "This Python comes without venv. On Debian or Ubuntu run first: sudo apt install python3-venv",
    ),
    "in_use": (
        "环境要重做，但它正被别的窗口使用：{place}。关掉那些窗口再运行一次。",
        "The environment must be made again, but another window is using it: {place}. Close that window, "
        "then run again.",
    ),
    "failed": (
        "安装没有成功，原因见下面几行。",
        "The installation failed; the lines below say why.",
    ),
    "unknown_command": ("没有“{command}”这个命令。", "There is no command '{command}'."),
    "making": ("建立环境：{place}", "Making the environment: {place}"),
    "again": ("上次没装完，重新做。", "The last installation was not finished; it is made again."),
    "installing": (
        "安装 segkit（{source}）；第一次要几分钟，以后马上开始。",
        "Installing segkit ({source}); a few minutes the first time, later runs start at once.",
    ),
    "still": ("  还在安装，已用 {seconds} 秒", "  still installing, {seconds} s so far"),
    "installed": ("装好了，用了 {seconds} 秒。", "Installed in {seconds} s."),
    "sample": ("生成样例数据 client_export。", "Making the sample data client_export."),
    "lab": (
        "JupyterLab 在浏览器里打开。这个窗口不要关：关掉它，JupyterLab 就停了。如果浏览器没有自己打开，"
        "把下面的网址复制到浏览器里。",
        "JupyterLab opens in the browser. Keep this window: closing it stops JupyterLab. If no browser opens, "
        "copy the address below into one.",
    ),
    "checking": ("检查：{name}", "Check: {name}"),
    "checked": ("{n} 项检查都通过。", "All {n} checks passed."),
    "check_failed": ("没有通过：{names}", "Not passed: {names}"),
    "help": (
        "客户分类与跟进：一条命令，从客户的原始导出到报告。\n"
        "  python start.py report             样例客户的报告\n"
        "  python start.py report 订单.csv    自己的文件（后面的选项交给 segkit，如 --lang zh）\n"
        "  python start.py lab                打开 JupyterLab（--lang zh 或 en）；Windows 上双击 lab.bat\n"
        "  python start.py test               全部测试（后面的选项交给 pytest）\n"
        "  python start.py check              快速检查，2 分钟以内\n"
        "  python start.py bench              与手写代码和同类工具比速度，约 1 小时（--quick：3 分钟以内）\n"
        "不需要先激活环境；可以反复运行。数据只在本机。",
        "Customer classification and follow-up: one command, from a client's raw export to a report.\n"
        "  python start.py report             the sample client's report\n"
        "  python start.py report orders.csv  your own file (options go on to segkit, e.g. --lang en)\n"
        "  python start.py lab                opens JupyterLab (--lang zh or en); on Windows double-click "
        "lab.bat\n"
        "  python start.py test               every test (options go on to pytest)\n"
        "  python start.py check              the quick checks, under 2 minutes\n"
        "  python start.py bench              speed beside hand-written code and peers, about an hour "
        "(--quick: under 3 minutes)\n"
        "Nothing needs activating; it may be run again and again. Data stay on this machine.",
    ),
}

# What pip or venv says -> what it means; the first that is found counts.
SYMPTOMS = [
    ("disk_full", r"No space left on device|Errno 28|WinError 112|not enough space on the disk|磁盘空间不足"),
    ("no_venv", r"ensurepip is not available|No module named '?(venv|ensurepip)"),
    (
        "no_network",
        r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ConnectionResetError|ReadTimeout"
        r"|ProxyError|SSLError|Failed to establish a new connection|getaddrinfo failed|timed out"
        r"|Temporary failure in name resolution|Network is unreachable|Connection refused",
    ),
    ("not_writable", r"Permission denied|Errno 13|WinError 5\b|Read-only file system|Errno 30"),
    (
        "package_missing",
        r"No matching distribution|Could not find a version|ResolutionImpossible|Failed (to build|building)",
    ),
]


class Stop(Exception):
    """Something the user can mend; carries a message id and its facts."""

    def __init__(self, id, **facts):
        Exception.__init__(self, id)
        self.id = id
        self.facts = facts
        self.output = facts.pop("output", "")


# --- words -----------------------------------------------------------------


def printable(text, encoding):
    """The text as a console of that encoding can show it; what it cannot is replaced, never raised."""
    encoding = encoding or "ascii"
    return text.encode(encoding, "replace").decode(encoding)


def write(text):
    sys.stdout.write(printable(text, getattr(sys.stdout, "encoding", None)) + "\n")
    sys.stdout.flush()


def tell(id, **facts):
    """Chinese and English together: before anything is installed nobody has chosen a language."""
    for sentence in MESSAGES[id]:
        write(sentence.format(**facts))


# --- decisions, each a function of its arguments only ----------------------


def too_old(version):
    return tuple(version[:2]) < OLDEST


def is_ascii(text):
    return all(ord(letter) < 128 for letter in text)


def inside_zip(folder, names):
    """Was this opened inside a zip? Explorer, 7-Zip, WinRAR and Bandizip unpack the clicked file alone, or
    with little else, into a folder with a telling name."""
    telling = re.compile(r"^(Temp\d+_.*|.*\.zip|7zO[0-9A-F]+|Rar\$.*|BNZ\..*)$", re.IGNORECASE)
    return "pyproject.toml" not in names or any(telling.match(part) for part in re.split(r"[\\/]", folder))


def environment_folder(root, windows, profile="", drive="C:"):
    """Where the environment stands: .venv in the folder, unless that breaks on Windows.

    There a long folder passes the limit of 260 characters, and one that is not ASCII trips tools that read
    their paths in the system's encoding. Then it stands under the user's profile, or under the drive if that
    has the same fault. Not under AppData: Python from the Microsoft Store, writing there, is silently sent
    elsewhere.
    """
    if not windows:
        return posixpath.join(root, ".venv")
    if is_ascii(root) and len(root) <= LONGEST_ROOT:
        return ntpath.join(root, ".venv")
    code = hashlib.sha256(ntpath.normcase(root).encode("utf-8")).hexdigest()[:8]
    if profile and is_ascii(profile) and len(profile) <= LONGEST_PROFILE:
        return ntpath.join(profile, ".segkit", code)
    return ntpath.join(drive + "\\", "segkit-env", code)


def python_in(env, windows):
    if windows:
        return ntpath.join(env, "Scripts", "python.exe")
    return posixpath.join(env, "bin", "python")


def install_arguments(root, extra, wheels):
    """Arguments of `pip install`, to be run in `root`.

    Not editable where the folder is not ASCII: Python 3.11 reads .pth files in the system's encoding, so on a
    Chinese Windows a UTF-8 path in one stops the interpreter. PYTHONPATH leads to the sources anyway.
    """
    arguments = ["install", "--quiet", "--no-input", "--disable-pip-version-check", "-c", "constraints.txt"]
    if wheels:
        arguments += ["--no-index", "--find-links", "wheels"]
    if is_ascii(root):
        arguments.append("-e")
    return arguments + [".[{0}]".format(extra) if extra else "."]


def reason(output, wheels):
    """The message id for what pip or venv said."""
    for id, pattern in SYMPTOMS:
        if re.search(pattern, output):
            return "wheels_incomplete" if wheels and id in ("no_network", "package_missing") else id
    return "failed"


def names_a_file(arguments):
    """Do the arguments of `report` name a file, or only options?"""
    before = ""
    for argument in arguments:
        if not argument.startswith("-") and before not in VALUE_OPTIONS:
            return True
        before = argument
    return False


def inputs_of(client_yml):
    """The data files that a client.yml names under `input:`, without a YAML reader."""
    block = re.search(r"^input:(.*(?:\n[ \t]+.*|\n[ \t]*)*)", client_yml, re.MULTILINE)
    text = re.sub(r"#.*", "", block.group(1)) if block else ""
    return re.findall(r"[^\s\[\]{},\"':]+\.(?:csv|tsv|txt|xlsx|xls|parquet)\b", text)


def child_environment(environ, root):
    """The variables of what is started: nothing of another Python; the sources are found from any folder."""
    child = dict(environ)
    for name in ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"):
        child.pop(name, None)
    child["PYTHONPATH"] = root
    return child


def windows_language():
    """The language in which Windows speaks to this user, as LANG would name it: "zh_CN"."""
    return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")


def room_language(arguments, environ, root):
    """(language, arguments without --lang): as asked; else of the notebooks where all are in one language, as
    in the pack of a class; else the machine's."""
    lang, rest = spoken(arguments, environ)
    pattern = os.path.join(glob.escape(root), "notebooks", "*.{0}.ipynb")
    taught = [one for one in ("zh", "en") if glob.glob(pattern.format(one))]
    if rest == arguments and len(taught) == 1:
        lang = taught[0]
    return lang, rest


def lab_settings(lang):
    """What JupyterLab is set to before anybody chooses otherwise in its menus."""
    settings = dict(LAB)
    settings["@jupyterlab/translation-extension:plugin"] = {"locale": "zh_CN" if lang == "zh" else "default"}
    return settings


def set_up_lab(folder, config, lang):
    """Write the settings of a language into `folder`, and into `config`, where what is chosen in menus is kept,
    the look nobody has changed yet. That slides were on when the browser was closed is forgotten."""
    for place in (folder, os.path.dirname(os.path.join(config, *LAB_THEMES))):
        if not os.path.isdir(place):
            os.makedirs(place)
    save(os.path.join(folder, "overrides.json"), json.dumps(lab_settings(lang), indent=2))
    if not os.path.exists(os.path.join(config, *LAB_THEMES)):
        save(os.path.join(config, *LAB_THEMES), json.dumps(LAB_LOOK, indent=2))
    startup = os.path.join(config, *LAB_STARTUP)
    if not os.path.isdir(os.path.dirname(startup)):
        os.makedirs(os.path.dirname(startup))
    save(startup, LAB_KERNEL)
    slides = os.path.join(config, "lab", "user-settings", "jupyterlab-slideshow")
    if os.path.isdir(slides):
        shutil.rmtree(slides)


def lab_arguments(root, lang):
    """JupyterLab on the whole folder, at notebook 00 of the language if it is there.

    The browser gets the address itself: the page that would lead there is written under AppData, where
    browsers do not find what Python from the Microsoft Store writes.
    """
    pattern = os.path.join(glob.escape(root), "notebooks", "00*.{0}.ipynb".format(lang))
    page = "".join("/tree/notebooks/" + os.path.basename(path) for path in sorted(glob.glob(pattern))[:1])
    return [
        "--ServerApp.root_dir=" + root,
        "--ServerApp.use_redirect_file=False",
        "--LabApp.default_url=/lab" + page,
        "--LabApp.extension_manager=readonly",
        "--KernelManager.transport_encryption=auto",
        "--log-level=WARN",
    ]


def spoken(arguments, environ):
    """(language, arguments without --lang): as asked, else the machine's where it is zh or en, else zh."""
    rest = list(arguments)
    wishes = []
    if "--lang" in rest[:-1]:
        at = rest.index("--lang")
        wishes.append(rest[at + 1])
        del rest[at : at + 2]
    wishes += [environ.get(name, "") for name in ("SEGKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG")]
    known = [wish[:2].lower() for wish in wishes if wish[:2].lower() in ("zh", "en")]
    return (known or ["zh"])[0], rest


# --- the environment -------------------------------------------------------


def read(path):
    with io.open(path, encoding="utf-8") as file:
        return file.read()


def save(path, text):
    with io.open(path, "w", encoding="utf-8") as file:
        file.write(text)


def made_from(root):
    """A code of all that decides what is installed: if it changes, pip runs again."""
    requirements = [read(os.path.join(root, name)) for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(os.fsencode(root) + "\0".join(requirements).encode("utf-8")).hexdigest()


def has_level(env, root, extra):
    """Is this environment finished, of these requirements, and at this level or above?"""
    if os.path.exists(os.path.join(env, UNFINISHED)):
        return False
    try:
        stamp = json.loads(read(os.path.join(env, STAMP)))
        return stamp["made_from"] == made_from(root) and LEVELS.index(stamp["extra"]) >= LEVELS.index(extra)
    except (IOError, OSError, ValueError, KeyError):
        return False


def answers(python, code="pass"):
    """Does this interpreter run? One whose base Python was removed, or whose making was cut off, does not."""
    try:
        with io.open(os.devnull, "w", encoding="utf-8") as nowhere:
            return subprocess.call([python, "-c", code], stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


def discard(env):
    """Renamed before it is deleted: on Windows that fails as a whole while a window still uses it."""
    aside = env + "-old"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        os.rename(env, aside)
    except OSError:
        raise Stop("in_use", place=env)
    shutil.rmtree(aside, ignore_errors=True)


def run_quietly(command, folder, environ):
    """(exit code, everything it said), with a sign of life every 30 seconds."""
    environ = dict(environ, PYTHONIOENCODING="utf-8")
    started = time.time()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        while True:
            try:
                output = process.communicate(timeout=30)[0]
                return process.returncode, output.decode("utf-8", "replace")
            except subprocess.TimeoutExpired:
                tell("still", seconds=int(time.time() - started))
    except KeyboardInterrupt:
        process.kill()
        process.wait()
        raise


def prepare(root, extra):
    """The environment's Python, with segkit and this extra installed; does only what is missing."""
    drive = os.environ.get("SystemDrive", "C:")
    env = environment_folder(root, WINDOWS, os.path.expanduser("~"), drive)
    python = python_in(env, WINDOWS)
    if has_level(env, root, extra) and answers(python):
        return python

    environ = child_environment(os.environ, root)
    del environ["PYTHONPATH"]
    environ["PIP_USER"] = "0"  # a `user = true` in pip's settings is refused in an environment
    unfinished = os.path.join(env, UNFINISHED)
    if os.path.exists(env) and (os.path.exists(unfinished) or not answers(python, "import pip")):
        tell("again")
        discard(env)
    make = not os.path.exists(env)
    try:
        if make:
            os.makedirs(env)
        save(unfinished, "segkit\n")
    except (IOError, OSError) as error:
        if error.errno == errno.ENOSPC:
            raise Stop("disk_full")
        raise Stop("not_writable", place=env)
    if make:
        tell("making", place=env)
        code, output = run_quietly([sys.executable, "-m", "venv", env], root, environ)
        if code:
            raise Stop(reason(output, False), place=env, output=output)

    wheels = os.path.isdir(os.path.join(root, "wheels"))
    tell("installing", source="wheels" if wheels else "pip")
    started = time.time()
    command = [python, "-m", "pip"] + install_arguments(root, extra, wheels)
    code, output = run_quietly(command, root, environ)
    if code:
        id = reason(output, wheels)
        if 0 < code < 128 and id != "disk_full":
            os.remove(unfinished)  # pip gave up by itself and put back what it had begun: that still works
        raise Stop(id, place=env, output=output)
    save(os.path.join(env, STAMP), json.dumps({"made_from": made_from(root), "extra": extra}))
    os.remove(unfinished)
    tell("installed", seconds=int(time.time() - started))
    return python


def run(command, folder=None, **variables):
    """Exit code of a command that speaks for itself. Ctrl-C reaches it too; how to end is its choice."""
    environ = child_environment(os.environ, ROOT)
    environ.update(variables)
    process = subprocess.Popen(command, cwd=folder, env=environ)
    while True:
        try:
            code = process.wait()
            return code if code >= 0 else 1
        except KeyboardInterrupt:
            continue


# --- commands --------------------------------------------------------------


def sample_is_there(root):
    path = os.path.join(root, *SAMPLE.split("/"))
    if not os.path.exists(path):
        return False
    return all(os.path.exists(os.path.join(os.path.dirname(path), name)) for name in inputs_of(read(path)))


def report(arguments):
    # -P: a trainee's own random.py in the working folder must not stand in for Python's
    segkit = [prepare(ROOT, ""), "-P", "-m", "segkit"]
    if names_a_file(arguments) or "--help" in arguments:
        return run(segkit + ["report"] + arguments)
    if not sample_is_there(ROOT):
        tell("sample")
        code = run(segkit + ["data", "build", "client_export"], ROOT)
        if code:
            return code
    return run(segkit + ["report", SAMPLE] + arguments, ROOT)


def test(arguments):
    return run([prepare(ROOT, "dev"), "-m", "pytest"] + (arguments or EVERY_TEST), ROOT)


def check(arguments):
    python = prepare(ROOT, "dev")
    failed = []
    for name, command in CHECKS:
        tell("checking", name=name)
        if run([python] + command, ROOT):
            failed.append(name)
    if failed:
        tell("check_failed", names=", ".join(failed))
        return 1
    tell("checked", n=len(CHECKS))
    return 0


def bench(arguments):
    return run([prepare(ROOT, "dev"), os.path.join("benchmarks", "run.py")] + arguments, ROOT)


def lab(arguments):
    python = prepare(ROOT, "workshop")
    environ = dict(os.environ)
    if WINDOWS:
        environ.setdefault("LANG", windows_language())
    lang, arguments = room_language(arguments, environ, ROOT)
    env = os.path.dirname(os.path.dirname(python))
    # the user's own JupyterLab is neither read nor changed
    config = os.path.join(env, "etc", "jupyter-class")
    set_up_lab(os.path.join(env, "share", "jupyter", "lab", "settings"), config, lang)
    tell("lab")
    command = [python, "-m", "jupyterlab"] + lab_arguments(ROOT, lang) + arguments
    own = {
        "JUPYTER_CONFIG_DIR": config,
        "IPYTHONDIR": os.path.join(config, LAB_STARTUP[0]),
        "SEGKIT_LANG": lang,
    }
    return run(command, **own)


COMMANDS = {"report": report, "test": test, "check": check, "lab": lab, "bench": bench}


def main(arguments):
    if too_old(sys.version_info):
        raise Stop(
            "old_python",
            found=".".join(str(part) for part in sys.version_info[:3]),
            oldest=".".join(str(part) for part in OLDEST),
        )
    if inside_zip(ROOT, os.listdir(ROOT)):
        raise Stop("inside_zip", folder=ROOT)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        tell("help")
        return 0
    if arguments[0] not in COMMANDS and os.path.exists(arguments[0]):
        arguments = ["report"] + arguments  # a file dropped on start.bat
    if arguments[0] not in COMMANDS:
        tell("unknown_command", command=arguments[0])
        tell("help")
        return 2
    return COMMANDS[arguments[0]](arguments[1:])


def start(arguments):
    """Exit code: what the command said, or 2 for what the user can mend before it could start."""
    try:
        return main(arguments)
    except Stop as stop:
        tell(stop.id, **stop.facts)
        if stop.output and stop.id != "disk_full":
            for line in stop.output.strip().splitlines()[-12:]:
                write("  | " + line.rstrip())
        return 2
    except (IOError, OSError) as error:
        if error.errno == errno.ENOSPC:
            tell("disk_full")
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            tell("not_writable", place=error.filename or ROOT)
        else:
            raise
        return 2
    except KeyboardInterrupt:
        return 1


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
