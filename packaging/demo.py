"""The demo: a sync server with a believable company on loopback, and a rep's device enrolled with it.

Owns the demo folder (`FIELDREP_DEMO_HOME`, or one in the user's data folder) and the order of the steps. Calls
the two command lines exactly as a person would and must not import the programs behind them. Every step is
skipped when it is done already, so a second start is quick and keeps the data.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REP, MANAGER = "anke.visser", "piet.dewit"
SERVER_STARTS_WITHIN = 60
ENDED = 143
"""What a program ended from outside exits with: 128 and the number of the signal."""

ROUNDS = 5
PORTS = range(20_000, 32_000)


class Stop(Exception):
    """Ends the demo with a sentence that says what to do."""


def say(text: str) -> None:
    print(text, flush=True)


def demo_home() -> Path:
    named = os.environ.get("FIELDREP_DEMO_HOME")
    if named:
        return Path(named).expanduser().resolve()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "FieldRep Demo"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "FieldRep Demo"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "fieldrep-demo"


def passphrase_file(home: Path) -> Path:
    """A random passphrase only this user can read, so that the demo works where there is no keyring."""
    path = home / "passphrase"
    if not path.exists() or path.stat().st_size == 0:
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(24) + "\n")
    return path


class Commands:
    """Runs one of the two command lines with the folders of one side of the demo."""

    def __init__(self, name: str, **folders: Path) -> None:
        self.name = name
        suffix = ".exe" if os.name == "nt" else ""
        self.path = str(Path(sys.executable).parent / (name + suffix))
        self.environment = {**os.environ, **{key: str(value) for key, value in folders.items()}}

    def run(self, *words: str) -> str:
        """The standard output of a command; its complaint when it does not succeed."""
        done = self._finish(words)
        if done.returncode != 0:
            complaint = done.stderr.strip() or done.stdout.strip()
            raise Stop(f"`{' '.join([self.name, *words])}` did not succeed: {complaint}")
        return done.stdout

    def succeeds(self, *words: str) -> bool:
        return self._finish(words).returncode == 0

    def receipt(self) -> dict[str, object]:
        """One sync; an incomplete one has a receipt too, and is followed by another."""
        done = self._finish(("sync", "--json"))
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            raise Stop(f"`{self.name} sync` printed no receipt: {done.stderr.strip()}") from None

    def window(self) -> int:
        """Until it is closed. Whoever ends the demo while it is being started ends it as well, once it is there."""
        asked: list[int] = []
        end = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
        with subprocess.Popen([self.path], env=self.environment) as window:
            try:
                signal.signal(signal.SIGTERM, end)
                return ENDED if asked else window.wait()
            finally:
                window.terminate()

    def start(self, *words: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as out:
            return subprocess.Popen(
                [self.path, *words], env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def _finish(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.path, *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )


# The server


def remembered_port(home: Path) -> int:
    """The server keeps its port over starts, because an enrolled device looks for it there.

    It is none of those that a system hands out by itself: such a one may belong to any program at the next start.
    """
    path = home / "port"
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    port = next(filter(is_free, random.sample(PORTS, 100)))
    path.write_text(str(port), encoding="ascii")
    return port


def is_free(port: int) -> bool:
    with socket.socket() as one, contextlib.suppress(OSError):
        one.bind(("127.0.0.1", port))
        return True
    return False


def in_use(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/health", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def running_server(server: Commands, home: Path, port: int) -> Iterator[None]:
    if in_use(port):
        raise Stop(
            f"Port {port}, where the demo's server listens, is in use. Is the demo open in another window? "
            f"Close it and start again; or name another folder with FIELDREP_DEMO_HOME (now {home})."
        )
    log = home / "server.log"
    process = server.start("serve", "--host", "127.0.0.1", "--port", str(port), log=log)
    try:
        wait_for(process, port, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + SERVER_STARTS_WITHIN
    while not is_healthy(port):
        if process.poll() is not None or time.monotonic() > until:
            last = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise Stop(f"The sync server did not start. Its last words, from {log}:\n{last}")
        time.sleep(0.05)


def prepare_company(server: Commands, home: Path, more: list[str]) -> None:
    """A central store with the demo company; a company that was seeded whole is left as it is."""
    done = home / "company-is-ready"
    server.run("init")
    if not done.exists():
        say("Making the demo company (once)")
        say(server.run("demo-company", *more).strip())
        done.touch()


# The devices


def enrolled_device(server: Commands, home: Path, folder: str, login: str) -> Commands:
    """A device of this user, enrolled with the demo's server and holding its first replica."""
    profile = home / folder
    profile.mkdir(exist_ok=True)
    device = Commands("fieldrep", FIELDREP_HOME=profile, FIELDREP_PASSPHRASE_FILE=passphrase_file(home))
    done = home / f"{folder}-is-enrolled"
    if done.exists():
        return device
    if not device.succeeds("status", "--json"):
        say(f"Enrolling {login} on the device in {profile}")
        device.run("enroll", link_in(server.run("enroll", login)))
    say(f"{login} receives the first replica")
    device.run("sync")
    done.touch()
    return device


def link_in(text: str) -> str:
    links = [word for word in text.split() if "://" in word]
    if not links:
        raise Stop(f"`fieldrep-server enroll` printed no link: {text.strip()}")
    return links[0]


def account_of_both(rep: Commands, manager: Commands) -> dict[str, Any]:
    """An account that both devices hold and that can be edited: people may have merged or deleted some since."""
    held = {account["id"] for account in records(manager, "account")}
    for account in records(rep, "account"):
        if account["id"] in held and not account["archived"] and account["merged_into_id"] is None:
            return account
    raise Stop("The two devices have no account in common. Delete the demo's folder to begin anew.")


def records(device: Commands, entity: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in device.run("show", entity).splitlines()]


def edit_on_two_devices(rep: Commands, manager: Commands) -> str:
    """The rep and the manager change the same account, each a field of their own, before either syncs."""
    account = account_of_both(rep, manager)
    number = secrets.randbelow(9000) + 1000
    rep_edit = {"id": account["id"], "phone": f"+31 20 555 {number}"}
    manager_edit = {"id": account["id"], "note": f"Ask about the trade fair, stand {number}."}
    for who, device, edit in ((REP, rep, rep_edit), (MANAGER, manager, manager_edit)):
        say(f"\n{who} edits {account['name']}: fieldrep do edit_account '{json.dumps(edit)}'")
        say(device.run("do", "edit_account", json.dumps(edit)).strip())
    return str(account["id"])


def sync_until_equal(devices: dict[str, Commands], account: str) -> None:
    """Each device syncs in turn until both agree with the server and show the same account."""
    for _ in range(ROUNDS):
        equal = True
        for who, device in devices.items():
            receipt = device.receipt()
            say(f"\nReceipt of {who}: {json.dumps(receipt, indent=2)}")
            equal = equal and receipt["digests_equal"] is True and receipt["waiting"] == 0
        shown = {device.run("show", "account", account) for device in devices.values()}
        if equal and len(shown) == 1:
            say("\nBoth devices and the central store agree. The account as both show it:")
            say(shown.pop().strip())
            return
    raise Stop(f"The devices did not agree after {ROUNDS} rounds; the receipts above say what differs.")


def main() -> int:
    options, more = parse()
    home = demo_home()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    server = Commands("fieldrep-server", FIELDREP_SERVER_HOME=home / "server")
    (home / "server").mkdir(exist_ok=True)
    prepare_company(server, home, more)
    port = remembered_port(home)
    with running_server(server, home, port):
        rep = enrolled_device(server, home, "laptop", REP)
        if options.headless:
            manager = enrolled_device(server, home, "laptop-manager", MANAGER)
            sync_until_equal({REP: rep, MANAGER: manager}, edit_on_two_devices(rep, manager))
            return 0
        say(f"Opening the window of {REP}; her manager is {MANAGER}. The server runs on port {port}.")
        say(f"Everything is in {home}; delete that folder to begin anew.")
        return rep.window()


def parse() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="run.py demo")
    parser.add_argument("--headless", action="store_true", help="without a window: two devices edit and sync")
    parser.add_argument("--seed", help="another demo company, while the demo folder is new")
    options = parser.parse_args()
    return options, ["--seed", options.seed] if options.seed else []


if __name__ == "__main__":
    # Ended from outside it still stops what it started, by the way of every `finally`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ENDED))
    try:
        sys.exit(main())
    except Stop as stop:
        print(stop, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
