"""What the pictures show: the demo company of a fixed day on two laptops: work that waits, clashes, was refused.

Owns the making of the profiles, through the real store and the real exchange, with a clock that stands still.
"""

import os
from datetime import UTC, date, datetime
from pathlib import Path

from fieldrep.commands.accounts import create_account, edit_account
from fieldrep.commands.activities import edit_activity, log_activity
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import create_order
from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import RowId
from fieldrep.contract.messages import EnrollRequest
from fieldrep.paths import Profile
from fieldrep.secrets import PASSPHRASE_VARIABLE, KeyVault
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import sync
from sync_server.interchange.demo.company import seed_company
from sync_server.store.database import Database
from sync_server.store.devices.credentials import admit, make_code
from tests.helpers.in_process import InProcess

TODAY = date(2026, 11, 20)
SYNCED_AT = int(datetime(2026, 11, 20, 6, 42, tzinfo=UTC).timestamp() * 1000)
NOW = SYNCED_AT + 65 * 60_000
CALM, BUSY, NEW = "calm", "busy", "new"
_RICH = """
SELECT a.id FROM account AS a WHERE a.archived = 0 AND a.tier = 'key' AND a.lifecycle = 'customer'
ORDER BY (SELECT count(*) FROM ar_document AS d WHERE d.account_id = a.id AND d.open_amount > 0) > 1 DESC,
    (SELECT count(*) FROM activity AS x WHERE x.account_id = a.id) DESC, a.name LIMIT 3
"""


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.at = SYNCED_AT

    def __call__(self) -> int:
        return self.at


class Laptop:
    def __init__(self, folder: Path, database: Database, clock: Clock, login: str, name: str) -> None:
        with database.write("admin") as tx:
            user = next(row["id"] for row in tx.all("user") if row["login"] == login)
            assert isinstance(user, bytes)
            code = make_code(tx, os.urandom, RowId(user))
        reply = admit(database, EnrollRequest(code, name, "Linux", "1", 1, os.urandom(32)))
        self.profile = Profile(folder)
        self._line = InProcess(database, reply.token)
        key = KeyVault(self.profile).create()
        self.replica = Replica.open(self.profile, key, clock, os.urandom, create=True)
        self.replica.enrolled(reply, "http://127.0.0.1:9", "", os.urandom(16))

    def sync(self) -> None:
        sync(self.replica, self._line)

    def first(self, sql: str, at: int = 0) -> RowId:
        with self.replica.read() as reader:
            return RowId(reader.rows(sql)[at][0])


def make_profiles(folder: Path) -> None:
    """The folders `calm` and `busy`: Anke's laptop with changes that wait, and later with what needs her."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "passphrase"
    secret.write_text("pictures of a demo company")
    os.environ[PASSPHRASE_VARIABLE] = str(secret)
    clock = Clock()
    database = Database.create(f"sqlite:///{folder / 'central.db'}", clock, os.urandom)
    seed_company(database, 1, TODAY)
    anke = Laptop(folder / CALM, database, clock, "anke.visser", "Anke's laptop")
    piet = Laptop(folder / "office", database, clock, "piet.dewit", "Piet's laptop")
    for laptop in (anke, piet):
        laptop.sync()
        laptop.replica.tidy()
    clock.at = NOW - 25 * 60_000
    _work(anke)
    anke.replica.close()
    _copy(folder / CALM, folder / BUSY)
    key = KeyVault(Profile(folder / BUSY)).unlock()
    anke.replica = Replica.open(Profile(folder / BUSY), key, clock, os.urandom)
    _clash(anke, piet, clock)
    for laptop in (anke, piet):
        laptop.replica.close()
    database.close()


def _work(anke: Laptop) -> None:
    """A morning without a line."""
    first, second = anke.first(_RICH), anke.first(_RICH, 1)
    log_activity(anke.replica, kind="call", account_id=first, subject="Delivery times in December",
                 body="Wants the oat range in two stores before the holidays; promised a written answer.")  # fmt: skip
    create_order(anke.replica, account_id=second, lines=(NewLine(sku="BAK-100", qty=12 * MILLIONTH),))
    edit_account(anke.replica, row_id=second, note="Ring at gate B; the loading dock is closed until March.")
    log_activity(anke.replica, kind="task", account_id=first, subject="Send oat range samples",
                 due_at=NOW + 24 * 3_600_000)  # fmt: skip


def _clash(anke: Laptop, piet: Laptop, clock: Clock) -> None:
    """The office answers Anke's changes with its own, two of them about the same fields."""
    account = anke.first(_RICH)
    made = log_activity(anke.replica, kind="task", account_id=account, subject="Samples for the tasting",
                        due_at=NOW + 4 * 86_400_000)  # fmt: skip
    assert made.id is not None
    task = made.id
    with anke.replica.read() as reader:
        name, phone = reader.rows("SELECT name, phone FROM account WHERE id = ?", (account,))[0]
    create_account(
        anke.replica, name=f"{name} Kaasmarkt", phone=phone, tier="standard", site={"city": "Alkmaar"}
    )
    anke.sync()
    piet.sync()
    edit_account(anke.replica, row_id=account, phone="+31 10 411 2299", payment_terms="14 days",
                 note="Ring at gate B.")  # fmt: skip
    edit_activity(anke.replica, row_id=task, body="Two cases of each kind.")
    clock.at += 9 * 60_000
    edit_account(piet.replica, row_id=account, phone="+31 10 411 2277", note="Use loading dock 4.",
                 website="www.example.nl")  # fmt: skip
    edit_activity(piet.replica, row_id=task, body="One case of each kind, by post.")
    for laptop in (piet, anke, piet, anke):
        laptop.sync()
    log_activity(anke.replica, kind="call", account_id=account, subject="Asked for the new price list")


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    for name in ("replica.db", "key.json"):
        (target / name).write_bytes((source / name).read_bytes())
