"""The diagnostics export: what support needs is in it, and nothing a customer or a person typed ever is."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from fieldrep.commands.attachments import add_attachment
from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.change import Change, Edit, Refused
from fieldrep.contract.digest import Digest
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code
from fieldrep.contract.fields import Kind, Value
from fieldrep.contract.ids import id_text
from fieldrep.diagnostics import write_diagnostics
from fieldrep.paths import Profile
from fieldrep.store.engine import Connection
from fieldrep.store.file_queue import NotTaken
from fieldrep.store.incoming.left_drafts import LeftDraft
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.incoming.receipts import KeptReceipt, Way, keep
from fieldrep.store.outgoing.pending import encode_change
from fieldrep.store.replica import Replica
from tests.helpers.small_company import ANKE, AURORA, NOW, Ticking, put, row_id

TYPED = frozenset({Kind.TEXT, Kind.JSON, Kind.CHOICE})
MARK = "Qz{}qZ"
"""What a person might have typed; each place has a number of its own."""


class Marks:
    """Words that stand nowhere else, each given out once and remembered with its place."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        word = MARK.format(len(self.places))
        self.places[word] = place
        return word

    def found_in(self, told: str) -> list[str]:
        return [place for word, place in self.places.items() if word.lower() in told.lower()]


def row_of_marks(entity: Entity, marks: Marks) -> dict[str, Value]:
    """A value for every field that holds text of any kind."""
    return {
        field.name: json.dumps(
            {marks(f"{entity.name}.{field.name} key"): marks(f"{entity.name}.{field.name}")}
        )
        if field.kind is Kind.JSON
        else marks(f"{entity.name}.{field.name}")
        for field in entity.columns
        if field.kind in TYPED
    }


def fill(connection: Connection, marks: Marks) -> None:
    """Every text of the tables beside the records: labels, payloads, refusals, drafts, receipts."""
    edit = Edit("account", AURORA, "update", 7, {"note": marks("before")}, {"note": marks("after")})
    odd = Edit(marks("entity"), AURORA, "update", 7, {}, {marks("field"): marks("value")})
    change = encode_change(Change(1, NOW, marks("command"), (edit, odd)))
    for table, more in (("outbox", "state"), ("sent_log", "")):
        names = "n, incarnation, made_at, command, label, change, revision" + (f", {more}" if more else "")
        values = (
            91,
            b"i" * 16,
            NOW - 5_000,
            marks("command"),
            marks("label"),
            change,
            0,
            *(("ready",) * bool(more)),
        )
        places = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608 - names of the catalogue
    for number, (entity, field) in enumerate(
        (("account", "phone"), ("account", marks("custom field")), (marks("entity"), marks("field")))
    ):
        refused = Refused(90 + number, Code.INVALID_VALUE, marks("sentence"), entity, AURORA, field)
        connection.execute(
            "INSERT INTO refused_change (n, incarnation, made_at, command, label, change, outcome, refused_at) "
            "VALUES (?, ?, ?, 'edit_account', ?, ?, ?, ?)",
            (90 + number, b"i" * 16, NOW, marks("label"), change, msgspec.msgpack.encode(refused), NOW),
        )
    fill_what_is_kept(connection, marks)


def fill_what_is_kept(connection: Connection, marks: Marks) -> None:
    """Drafts, secrets, what is told of files, and a receipt."""
    connection.execute(
        "INSERT INTO draft VALUES (?, ?, ?, ?)", (marks("draft kind"), marks("key"), marks("draft"), NOW)
    )
    connection.execute("INSERT INTO secret VALUES ('token', ?)", (marks("token"),))
    connection.execute("UPDATE file_upload SET refused = ?", (marks("why the file was not taken"),))
    receipt = Receipt(
        accepted=3,
        sentence=marks("receipt"),
        drafts_left=(LeftDraft(marks("number"), marks("account"), marks("owner")),),
        files_not_taken=(NotTaken(id_text(AURORA), marks("file"), 5, marks("why")),),
        mine=Digest(4, -1),
        clock_off_by=7_200_000,
        at=NOW,
    )
    keep(connection, KeptReceipt(None, NOW, Way.STICK, "offline", receipt, ((90, 91),)))


@pytest.fixture
def marked(replica: Replica, tmp_path: Path) -> tuple[Replica, Marks]:
    """The small company with a marked word in every place that holds text."""
    marks = Marks()
    file = tmp_path / f"{marks('file name')}.txt"
    file.write_text(marks("body"))
    add_attachment(replica, path=str(file), account_id=AURORA)
    for entity in ENTITIES:
        put(replica, entity.name, f"marked {entity.name}", **row_of_marks(entity, marks))
        # and one that counts as live, with the values that decide whether it is looked at
        live = {"status": "open"} if entity.name == "conflict" else {}
        put(replica, entity.name, f"live {entity.name}", **row_of_marks(entity, marks) | live)
    with replica.write() as connection:
        fill(connection, marks)
    replica.change_state(
        login=marks("login"),
        user_name=marks("user name"),
        barred=marks("barred"),
        server_url=f"https://{marks('user')}:{marks('password')}@sync.example.com:8443/{marks('path')}",
        receipt=marks("state receipt"),
    )
    return replica, marks


def exported(replica: Replica, profile: Profile, path: Path) -> str:
    with replica.read() as reader:
        write_diagnostics(reader, profile, replica.clock(), path)
    return path.read_text(encoding="utf-8")


def test_nothing_that_anybody_typed_is_in_the_export(
    marked: tuple[Replica, Marks], tmp_path: Path, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, marks = marked
    monkeypatch.setenv(
        "HTTPS_PROXY", f"http://{marks('proxy user')}:{marks('proxy password')}@proxy.example:3128"
    )
    assert len(marks.places) > 250
    with replica.read() as reader:
        held = "".join(map(str, reader.rows("SELECT name, note, custom FROM account")))
    assert len(marks.found_in(held)) >= 6, "the marks are in the replica"

    told = exported(replica, Profile(profile), tmp_path / "out.json")

    assert marks.found_in(told) == []
    for name in ("Aurora", "Anke", "Piet", "anke.visser", "proxy.example", str(tmp_path), id_text(ANKE)):
        assert name not in told


def test_support_reads_versions_counts_and_codes_in_it(
    marked: tuple[Replica, Marks], tmp_path: Path, profile: Path
) -> None:
    found = json.loads(exported(marked[0], Profile(profile), tmp_path / "out.json"))
    assert found["device"]["id"] == id_text(row_id("laptop"))
    assert (found["device"]["server"], found["device"]["barred"]) == ("sync.example.com", True)
    assert set(found["versions"]) >= {"fieldrep", "python", "qt", "sqlite", "sqlcipher", "system", "protocol"}
    waiting = {(one["command"], one["state"]): one for one in found["outbox"]}
    assert waiting["add_attachment", "ready"]["changes"] == 1
    assert waiting["other", "ready"]["oldest_age_ms"] == 5_000
    refused = {"code": "invalid_value", "command": "edit_account", "count": 1}
    assert found["refused"] == [
        refused | {"entity": "account", "field": "other"},
        refused | {"entity": "account", "field": "phone"},
        refused | {"entity": "other", "field": "other"},
    ]
    assert found["last_errors"] == [{"at": NOW, "code": "offline", "way": "stick"}]
    (receipt,) = found["receipts"]
    assert (receipt["accepted"], receipt["changes"], receipt["drafts_left"]) == (3, [[90, 91]], 1)
    assert receipt["mine"] == {"count": 4, "sum": "f" * 16}
    assert found["clock_off_by_ms"] == 7_200_000
    assert found["storage"]["going_up"]["count"] == 1
    assert found["conflicts"] == [{"entity": "other", "field": "other", "count": 1}]


def test_the_export_is_there_whole_or_not_at_all(
    replica: Replica, clock: Ticking, tmp_path: Path, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.json"
    path.write_text("what was here before")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="No space left"):
        exported(replica, Profile(profile), path)
    assert path.read_text() == "what was here before"
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []
