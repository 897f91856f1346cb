"""The start script: sets up what FieldRep needs and runs one of six verbs, for newcomers and CI alike.

Owns the environment in `.venv` (made from the hashed lock, renewed when the lock changes, made anew after an
interrupted set-up) and the demo. Uses the standard library alone and must not import the project: it only
calls command lines, as a person would.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "packaging" / "locks" / "dev.lock"
VENV = ROOT / os.environ.get("FIELDREP_VENV", ".venv")
WINDOWS = os.name == "nt"
OLDEST, TOO_NEW = (3, 11), (3, 14)

QT_LIBRARIES = [
    *("libegl1", "libgl1", "libglib2.0-0", "libxkbcommon0", "libfontconfig1", "libdbus-1-3"),
    *("libxkbcommon-x11-0", "libxcb-cursor0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1"),
    *("libxcb-randr0", "libxcb-render-util0", "libxcb-shape0", "libxcb-xkb1"),
]

CHECKS = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("types", ("mypy",)),
    ("import rules", ("lint-imports",)),
    ("dead code", ("python", "packaging/dead_code.py")),
    ("declared dependencies", ("deptry", ".")),
)


class Stop(Exception):
    """Ends the run with a sentence that says what to do."""


def say(text: str) -> None:
    print(text, flush=True)


# The interpreter


def suitable_interpreter() -> str | None:
    """Another interpreter on this machine that the project supports, or None."""
    for minor in range(TOO_NEW[1] - 1, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    return None


def hand_over_to_a_suitable_interpreter() -> int:
    other = suitable_interpreter()
    if other is None:
        raise Stop(
            f"FieldRep needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}. Install one of them "
            "and start this script with it, for example: python3.13 run.py demo"
        )
    return subprocess.run([other, str(Path(__file__).resolve()), *sys.argv[1:]]).returncode


# System packages


def on_debian_as_root() -> bool:
    return (
        Path("/etc/debian_version").exists()
        and shutil.which("apt-get") is not None
        and getattr(os, "geteuid", lambda: 1)() == 0
    )


def install_system_packages(purpose: str, packages: list[str]) -> None:
    """Installs on Debian as root; anywhere else says the exact command."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not on_debian_as_root():
        sudo = " ".join(["sudo", *command])
        raise Stop(
            f"{purpose} is missing on this machine. On Debian or Ubuntu install it with\n\n    "
            f"sudo apt-get update && {sudo}\n\nand run the same command again. On another system install "
            "the packages of the same purpose."
        )
    say(f"{purpose} is missing: installing {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update"], command):
        if subprocess.run(step, env=environment, stdout=subprocess.DEVNULL).returncode != 0:
            raise Stop(
                f"`{' '.join(step)}` failed (see above). Put that right and run the same command again."
            )


# The environment


def program(name: str, venv: Path = VENV) -> str:
    return str(venv / ("Scripts" if WINDOWS else "bin") / (f"{name}.exe" if WINDOWS else name))


def child_environment(**more: str) -> dict[str, str]:
    """The caller's environment; bytecode is kept, because imports without it take three times as long."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME")}
    return {**kept, **more}


def wanted_stamp() -> str:
    """Changes when the lock does, or what the editable installation is made from."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    made_from = [project["build-system"], project["project"], project["tool"]["hatch"], str(ROOT)]
    return hashlib.sha256(LOCK.read_bytes() + json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def stamp_of(venv: Path) -> str | None:
    """The stamp of a finished set-up; None when there is none or it was interrupted."""
    try:
        return (venv / "fieldrep-stamp").read_text(encoding="ascii").strip() or None
    except OSError:
        return None


def is_ready(venv: Path) -> bool:
    return stamp_of(venv) == wanted_stamp() and Path(program("python", venv)).exists()


@contextlib.contextmanager
def one_set_up_at_a_time() -> Iterator[None]:
    VENV.parent.mkdir(parents=True, exist_ok=True)
    with (VENV.parent / f"{VENV.name}.lock").open("a+b") as handle:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def set_up() -> None:
    """Makes or renews the environment; does nothing, fast, when it is as the lock says."""
    if is_ready(VENV):
        return
    with one_set_up_at_a_time():
        if is_ready(VENV):
            return
        stamp = VENV / "fieldrep-stamp"
        if stamp_of(VENV) is None or not Path(program("python")).exists():
            create_environment()
        stamp.write_text("", encoding="ascii")
        install_packages()
        stamp.write_text(wanted_stamp(), encoding="ascii")


def create_environment() -> None:
    """A fresh environment in place of none, or of one whose set-up was interrupted."""
    say(f"Setting up FieldRep's environment in {VENV.name} (a few minutes, once)")
    if importlib.util.find_spec("ensurepip") is None:
        here = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        install_system_packages("Python's module for environments", [here])
    if VENV.exists():
        shutil.rmtree(VENV)
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Stop(f"Python could not make an environment in {VENV}:\n{done.stdout}{done.stderr}")


def install_packages() -> None:
    pip = [program("python"), "-m", "pip", "--disable-pip-version-check", "install"]
    total = sum(1 for line in LOCK.read_text(encoding="utf-8").splitlines() if line[:1].isalnum())
    run_pip([*pip, "--require-hashes", "-r", str(LOCK)], total)
    run_pip([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], 0)


def run_pip(command: list[str], total: int) -> None:
    """Shows one counting line instead of pip's hundreds; on failure its last lines and what to do."""
    log: list[str] = []
    seen = 0
    with subprocess.Popen(
        command, env=child_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        for line in pip.stdout or ():
            log.append(line)
            if total and line.startswith(("Collecting ", "Requirement already")):
                seen += 1
                if sys.stdout.isatty():
                    print(f"\r  package {seen} of at most {total}", end="", flush=True)
    if sys.stdout.isatty() and seen:
        print()
    if pip.returncode != 0:
        raise Stop(
            "".join(log[-15:]) + "\nThe packages FieldRep needs could not be installed (see above). "
            "Check the network connection and run the same command again."
        )


def require_qt(*, window: bool) -> None:
    """Qt loads system libraries; a missing one is installed or named before anything else fails."""
    if sys.platform != "linux":
        return
    platform = None if window else "offscreen"
    if window and not any(os.environ.get(k) for k in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise Stop(
            "There is no display here to open a window on. Run it in a desktop session, or see the same "
            "without a window: python3 run.py demo --headless"
        )
    problem = qt_problem(platform)
    if "could not connect to display" in problem:
        raise Stop(
            f"No window can open on the display {os.environ.get('DISPLAY')}: it does not answer. Run this in a "
            "desktop session, or see the same without a window: python3 run.py demo --headless"
        )
    if problem:
        install_system_packages("A system library that Qt needs", QT_LIBRARIES)
        problem = qt_problem(platform)
        if problem:
            raise Stop(f"Qt still cannot start after installing its libraries:\n{problem}")


def qt_problem(platform: str | None) -> str:
    probe = "from PySide6.QtWidgets import QApplication; QApplication([])"
    environment = child_environment(**({"QT_QPA_PLATFORM": platform} if platform else {}))
    done = subprocess.run([program("python"), "-c", probe], env=environment, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip() or f"exit {done.returncode}"


# The verbs


def demo(rest: list[str]) -> int:
    if "--headless" not in rest and "--help" not in rest:
        require_qt(window=True)
    return become([program("python"), str(ROOT / "packaging" / "demo.py"), *rest])


def test(rest: list[str]) -> int:
    require_qt(window=False)
    # The same order each time, so that a red test is red again; another `--randomly-seed` in `rest` tries another one.
    # A worker that crashes ends the run, red: with a new one in its place the rest would be waited for without end.
    words = ["-n", "4", "--max-worker-restart=0", "--dist", "load", "--randomly-seed=1", *rest]
    return become([program("python"), "-m", "pytest", *words])


def check(rest: list[str]) -> int:
    failed = []
    for name, command in CHECKS:
        say(f"== {name}: {' '.join(command)}")
        if call([program(command[0]), *command[1:], *rest]) != 0:
            failed.append(name)
    say(f"Not in order: {', '.join(failed)}." if failed else f"All {len(CHECKS)} checks are in order.")
    return 1 if failed else 0


def bench(rest: list[str]) -> int:
    require_qt(window=False)
    return become([program("python"), "-m", "tests.bench", *rest])


def screens(rest: list[str]) -> int:
    require_qt(window=False)
    return become([program("python"), "-m", "tests.screens", *rest])


def torture(rest: list[str]) -> int:
    return become([program("python"), "-m", "tests.torture", *rest])


def call(command: list[str]) -> int:
    try:
        return subprocess.run(command, env=child_environment(), cwd=ROOT).returncode
    except KeyboardInterrupt:
        return 130


def become(command: list[str]) -> int:
    """As `call`, in place of this process where that is possible, so that a signal ends the program meant."""
    if not WINDOWS:
        os.chdir(ROOT)
        sys.stdout.flush()
        os.execve(command[0], command, child_environment())
    return call(command)


VERBS = {
    "demo": (
        demo,
        "a sync server with a demo company, and a rep's window on it; --headless without a window",
    ),
    "test": (test, "the whole test suite; further words go to pytest"),
    "check": (check, "format, lint, types, import rules, dead code, declared dependencies"),
    "bench": (bench, "the measurements"),
    "torture": (torture, "kills, failing disks, power cuts, crowds and simulated histories; writes a report"),
    "screens": (screens, "pictures of every page; --out DIR says where"),
}


def verb_and_words() -> tuple[str, list[str]]:
    parser = argparse.ArgumentParser(
        prog="run.py",
        usage="run.py VERB ...",
        description="Sets up what FieldRep needs and runs it, its tests or its checks.",
        epilog="\n".join(f"  {name:9}{text}" for name, (_, text) in VERBS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB", help="one of the words below")
    parser.add_argument("words", nargs=argparse.REMAINDER, help="what the verb takes")
    chosen = parser.parse_args()
    return chosen.verb, chosen.words


def main() -> int:
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        return hand_over_to_a_suitable_interpreter()
    verb, words = verb_and_words()
    set_up()
    return VERBS[verb][0](words)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stop as stop:
        print(stop, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
