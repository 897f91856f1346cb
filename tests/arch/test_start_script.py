"""The start script: when an environment counts as ready, and what a person reads when something is missing.

Drives `run.py` as a program or its functions on folders of their own; must not touch the environment that
runs the tests.
"""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.arch.tracked import CHECKOUT


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def script() -> ModuleType:
    return loaded(CHECKOUT / "run.py")


@pytest.fixture
def demo() -> ModuleType:
    return loaded(CHECKOUT / "packaging" / "demo.py")


def environment_in(folder: Path, script: ModuleType) -> Path:
    python = Path(script.program("python", folder))
    python.parent.mkdir(parents=True)
    python.touch()
    return folder


def test_an_environment_is_ready_only_with_the_stamp_of_this_lock(tmp_path: Path, script: ModuleType) -> None:
    venv = environment_in(tmp_path / "venv", script)
    assert not script.is_ready(venv)
    (venv / "fieldrep-stamp").write_text(script.wanted_stamp())
    assert script.is_ready(venv)
    (venv / "fieldrep-stamp").write_text("the stamp of an older lock")
    assert not script.is_ready(venv)


def test_an_interrupted_set_up_leaves_no_stamp_and_is_made_anew(
    tmp_path: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv = environment_in(tmp_path / "venv", script)
    (venv / "half-written").touch()
    (venv / "fieldrep-stamp").write_text("")
    monkeypatch.setattr(script, "VENV", venv)
    monkeypatch.setattr(script, "install_packages", lambda: None)
    script.set_up()
    assert not (venv / "half-written").exists()
    assert script.is_ready(venv)


def test_packages_that_cannot_be_installed_end_in_a_sentence_and_no_stamp(
    tmp_path: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv = environment_in(tmp_path / "venv", script)
    (venv / "fieldrep-stamp").write_text("the stamp of an older lock")
    lock = tmp_path / "dev.lock"
    lock.write_text("no-such-package-of-fieldrep==1 --hash=sha256:" + "0" * 64 + "\n")
    Path(script.program("python", venv)).unlink()
    Path(script.program("python", venv)).symlink_to(sys.executable)
    monkeypatch.setattr(script, "VENV", venv)
    monkeypatch.setattr(script, "LOCK", lock)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(script.Stop, match="run the same command again"):
        script.set_up()
    assert script.stamp_of(venv) is None


def test_a_missing_system_library_is_named_with_the_command_that_installs_it(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "on_debian_as_root", lambda: False)
    with pytest.raises(script.Stop) as stopped:
        script.install_system_packages("A system library that Qt needs", script.QT_LIBRARIES)
    assert "sudo apt-get update && sudo apt-get install -y" in str(stopped.value)
    assert "libegl1" in str(stopped.value)


def test_an_old_interpreter_is_told_which_one_to_use(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(script.Stop, match=r"needs Python 3\.11, 3\.12 or 3\.13"):
        script.hand_over_to_a_suitable_interpreter()


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux a window needs a display to be named")
def test_the_demo_without_a_display_says_how_to_see_it_without_a_window(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(script.Stop, match="demo --headless"):
        script.require_qt(window=True)


def test_an_unknown_verb_is_wrong_usage_and_names_the_verbs() -> None:
    done = subprocess.run(
        [sys.executable, "run.py", "dance"], cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "'demo', 'test', 'check', 'bench', 'torture', 'screens'" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such mode")
def test_the_passphrase_of_the_demo_is_random_kept_and_for_its_owner_alone(
    tmp_path: Path, demo: ModuleType
) -> None:
    first, other = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    other.mkdir()
    file = demo.passphrase_file(first)
    kept = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert demo.passphrase_file(first).read_text() == kept
    assert demo.passphrase_file(other).read_text() != kept


def test_the_demo_server_keeps_its_port_over_starts(tmp_path: Path, demo: ModuleType) -> None:
    port = demo.remembered_port(tmp_path)
    assert demo.remembered_port(tmp_path) == port
