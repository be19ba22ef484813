#!/usr/bin/env python3
"""The developer's one door: ``python3 dev.py setup | demo | run | test | lint | bench``.

Standard library only, and written so that any Python 3 can at least say what is missing. Every command sets up
what it needs (a virtual environment in ``.venv`` with the locked, hashed dependencies); a second call starts at once.
"""

import hashlib
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
    return prepare("run") or call([PYTHON, "-m", "xzdesk.cli.main", "demo", *arguments])


def run(arguments):
    return prepare("run") or call([PYTHON, "-m", "xzdesk", *arguments])


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


def call(command):
    """Run ``command`` in the project with its packages in sight; the exit status."""
    sys.stdout.flush()
    environment = dict(os.environ, PYTHONPATH=ROOT)
    return subprocess.call(command, cwd=ROOT, env=environment)


def prepare(kind):
    """Make the environment hold what ``kind`` needs; 0, or what went wrong."""
    wanted = stamp_of(kind)
    stamp = os.path.join(VENV, "xzdesk-" + kind)
    if os.path.exists(stamp):
        with open(stamp, encoding="ascii") as file:
            if file.read() == wanted:
                return 0
    failed = system_packages() or virtual_environment()
    if failed:
        return failed
    print("正在安装依赖(" + LOCKS[kind] + ")…", file=sys.stderr)
    failed = quietly([PYTHON, "-m", "pip", "install", "--require-hashes", "-r", os.path.join(ROOT, LOCKS[kind])])
    if failed:
        return failed
    # Written last: an interrupted installation is done again.
    with open(stamp, "w", encoding="ascii") as file:
        file.write(wanted)
    return 0


def stamp_of(kind):
    with open(os.path.join(ROOT, LOCKS[kind]), "rb") as file:
        return hashlib.sha256(file.read() + sys.version.encode()).hexdigest()


def virtual_environment():
    if os.path.exists(PYTHON) and subprocess.call([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
        return 0
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401 - Debian ships Python without it
        import venv  # noqa: F401
    except ImportError:
        return "这个 Python 缺少 venv。Debian/Ubuntu 上请先运行： apt-get install python3-venv"
    return quietly([sys.executable, "-m", "venv", VENV])


def system_packages():
    """On Debian and its kin: install what is missing as root, else print the one command."""
    import glob

    if not shutil.which("apt-get"):
        return 0
    missing = [package for package, brings in SYSTEM if not glob.glob(brings)]
    if not missing:
        return 0
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        print("缺少系统软件包，请运行： sudo " + " ".join(command), file=sys.stderr)
        return 0
    print("正在安装系统软件包： " + " ".join(missing), file=sys.stderr)
    return quietly(["apt-get", "update"]) or quietly(command)


def quietly(command):
    """Run ``command``; show what it said only when it failed."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.stderr.write(done.stdout.decode(errors="replace"))
    return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
