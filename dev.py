#!/usr/bin/env python3
"""The developer's one door: ``python3 dev.py setup | demo | run | test | lint | bench``.

Standard library only, and written so that any Python 3 can at least say what is missing. Every command sets up
what it needs (a virtual environment in ``.venv`` with the locked, hashed dependencies); a second call starts at once.
"""

import glob
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
LOCKS = {"run": "requirements/run.txt", "dev": "requirements/dev.txt"}

# What the wheels of Qt and the tests need from Debian, without recommends; (package, a file that it brings).
# Debian's python3-venv is asked for where this Python lacks what makes an environment.
LIBRARIES = "/usr/lib/*/"
SYSTEM = [
    ("libgl1", LIBRARIES + "libGL.so.1"),
    ("libegl1", LIBRARIES + "libEGL.so.1"),
    ("libxkbcommon0", LIBRARIES + "libxkbcommon.so.0"),
    ("libglib2.0-0", LIBRARIES + "libglib-2.0.so.0"),
    ("libfontconfig1", LIBRARIES + "libfontconfig.so.1"),
    ("libdbus-1-3", LIBRARIES + "libdbus-1.so.3"),
    ("age", "/usr/bin/age"),
]


def main():
    if sys.version_info < (3, 11):
        return "需要 Python 3.11 或更新的版本，现在是 %d.%d。" % sys.version_info[:2]  # noqa: UP031 - old Pythons read this
    commands = {"setup": setup, "demo": demo, "run": run, "test": test, "lint": lint, "bench": bench}
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in commands:
        print(__doc__)
        return 0 if name in ("-h", "--help") else 2
    return commands[name](sys.argv[2:])


def setup(_arguments):
    return prepare("dev")


def demo(arguments):
    return run(["demo", *arguments])


def run(arguments):
    # Where the user stands, because that is where the paths on the command line begin.
    return prepare("run") or call([PYTHON, "-m", "xzdesk", *arguments], os.getcwd())


def bench(arguments):
    return prepare("dev") or call([PYTHON, os.path.join("tests", "bench", "run.py"), *arguments])


def test(arguments):
    return prepare("dev") or call([PYTHON, "-m", "pytest", *(arguments or ["-n", "auto", "--dist", "loadgroup"])])


def lint(_arguments):
    failed = prepare("dev")
    checks = [
        ["ruff", "check", "xzdesk", "tests", "dev.py"],
        ["ruff", "format", "--check", "xzdesk", "tests", "dev.py"],
        ["mypy"],
        ["lint-imports"],
    ]
    for check in checks:
        failed = failed or call([os.path.join(BIN, check[0]), *check[1:]])
    return failed


def call(command, folder=ROOT):
    """Run ``command`` in ``folder`` with the project's packages in sight; the exit status."""
    sys.stdout.flush()
    environment = dict(os.environ, PYTHONPATH=ROOT)
    return subprocess.call(command, cwd=folder, env=environment)


def prepare(kind):
    """Make the environment hold what ``kind`` needs; 0, or what went wrong."""
    # The packages of "dev" are those of "run" and more.
    if any(is_prepared(each) for each in (kind, "dev")):
        return 0
    failed = system_packages() or virtual_environment()
    if failed:
        return failed
    print("正在安装依赖(" + LOCKS[kind] + ")…", file=sys.stderr)
    failed = quietly([PYTHON, "-m", "pip", "install", "--require-hashes", "-r", os.path.join(ROOT, LOCKS[kind])])
    if failed:
        return failed
    # Written last: an interrupted installation is done again.
    with open(stamp_path(kind), "w", encoding="ascii") as file:
        file.write(stamp_of(kind))
    return 0


def is_prepared(kind):
    if not os.path.exists(stamp_path(kind)):
        return False
    with open(stamp_path(kind), encoding="ascii") as file:
        return file.read() == stamp_of(kind)


def stamp_path(kind):
    return os.path.join(VENV, "xzdesk-" + kind)


def stamp_of(kind):
    with open(os.path.join(ROOT, LOCKS[kind]), "rb") as file:
        return hashlib.sha256(file.read() + sys.version.encode()).hexdigest()


def can_make_environments():
    """Whether this Python has venv and what venv needs: Debian ships it without."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def virtual_environment():
    if os.path.exists(PYTHON) and quietly([PYTHON, "-c", "import pip"], aloud=False) == 0:
        return 0
    if not can_make_environments():
        return "这个 Python 缺少 venv 或 ensurepip，请换用带有它们的 Python 3.11 或更新的版本。"
    shutil.rmtree(VENV, ignore_errors=True)
    return quietly([sys.executable, "-m", "venv", VENV])


def system_packages():
    """On Debian and its kin: install what is missing as root, else print the one command. 0, or why to stop here."""
    if not shutil.which("apt-get"):
        return 0
    able = can_make_environments()
    missing = [] if able else ["python3-venv"]
    missing += [package for package, brings in SYSTEM if not glob.glob(brings)]
    if not missing:
        return 0
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        said = "缺少系统软件包，请运行： sudo " + " ".join(command)
        if not able:
            return said
        print(said, file=sys.stderr)
        return 0
    print("正在安装系统软件包： " + " ".join(missing), file=sys.stderr)
    if quietly(["apt-get", "update"]) or quietly(command):
        # Most commands do without: what cannot will say so.
        print("系统软件包没有装上，请稍后运行： " + " ".join(command), file=sys.stderr)
    return 0


def quietly(command, aloud=True):
    """Run ``command``, which may ask nothing; show what it said only when it failed, and not unless ``aloud``."""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    said, unsaid = subprocess.PIPE, subprocess.STDOUT
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=unsaid)
    if done.returncode and aloud:
        sys.stderr.write(done.stdout.decode(errors="replace"))
    return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
