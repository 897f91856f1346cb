"""The client's command line: what it prints, on which stream, and the code it exits with."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from fieldrep import __version__
from fieldrep.commands.accounts import edit_account
from fieldrep.commands.order_lines import NewLine
from fieldrep.commands.orders import create_order, submit_order
from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import id_text
from fieldrep.domain.queue_age import DAY
from fieldrep.paths import Profile
from fieldrep.store.incoming.quarantine import set_aside
from fieldrep.store.replica import Replica
from tests.helpers.small_company import AURORA, HARBOR, KEY, PIET, Counting, Ticking, conflict
from tests.unit.conftest import Shell

ACCOUNT = id_text(AURORA)


def opened(profile: Path) -> Replica:
    """The same profile as another program opens it."""
    return Replica.open(Profile(profile), KEY, Ticking(), Counting())


def test_a_command_prints_its_outcome_with_the_ids_it_made(shell: Shell) -> None:
    answer = shell("do", "create_account", '{"name": "Neu", "site": {"city": "Bonn"}}')
    assert answer.code == 0
    assert answer.json["ok"] is True
    ids = answer.json["ids"]
    assert isinstance(ids, dict)
    assert ids["account"] == answer.json["id"]
    assert set(ids) == {"account", "site"}
    shown = shell("show", "account", ids["account"])
    assert shown.json["name"] == "Neu"


def test_an_order_prints_number_and_lines(shell: Shell) -> None:
    values = {"account_id": ACCOUNT, "lines": [{"sku": "210034", "quantity": 3}, {"text": "Ring"}]}
    answer = shell("do", "create_order", json.dumps(values))
    assert answer.json["number"] == "AV1-000001"
    lines = answer.json["lines"]
    assert isinstance(lines, list)
    shown = shell("show", "document_line", "--where", f"order_id={answer.json['id']}")
    assert sorted(json.loads(line)["id"] for line in shown.out.splitlines()) == sorted(lines)
    assert shell("do", "submit_order", json.dumps({"id": answer.json["id"]})).code == 0


def test_nothing_is_written_over_the_replica_or_its_key(shell: Shell, profile: Path, tmp_path: Path) -> None:
    for name in ("replica.db", "key.json", "replica.db-wal", "replica.db-shm"):
        file = profile / name
        if not file.exists():
            continue
        before = file.read_bytes()
        for words in (("export", str(file)), ("bundle", "out", str(file)), ("diagnostics", str(file))):
            answer = shell(*words)
            assert answer.code == 1
            assert "a file of FieldRep itself" in answer.err
        assert file.read_bytes() == before
    assert [shell("export", str(tmp_path / "again.jsonl")).code for _ in range(2)] == [0, 0]


def test_an_edit_that_changes_nothing_says_so(shell: Shell) -> None:
    answer = shell("do", "edit_account", json.dumps({"id": ACCOUNT, "tier": "key"}))
    assert (answer.code, answer.json["changed"], answer.json["change"]) == (0, False, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("do", "edit_account", "[]"), "object with named fields"),
        (("do", "edit_account", '{"id": "a", "id": "b"}'), "“id” twice"),
        (("do", "edit_account", f'{{"id": "{ACCOUNT}", "phoen": "1"}}'), "Did you mean “phone”?"),
        (("do", "edit_account", f'{{"id": "{ACCOUNT}", "phone": "\\ud800"}}'), "lone surrogate"),
        (("do", "edit_account", f'{{"id": "{ACCOUNT}", "phone": "a\\u0000"}}'), "NUL"),
        (("do", "edit_account", f'{{"id": "{ACCOUNT}", "phone": "\udcff"}}'), "lone surrogate"),
        (("do", "edit_account", f'{{"id": "{ACCOUNT}", "visit_minutes": 1.5}}'), "decimal fraction"),
        (("do", "edit_account", f'{{"id": "{ACCOUNT}", "visit_minutes": NaN}}'), "NaN"),
        (("do", "edit_account", f'{{"id": "{ACCOUNT}", "visit_minutes": {"9" * 5000}}}'), "out of range"),
        (("do", "edit_account", "[" * 100_000), "nested too deeply"),
        (("show", "account", "x"), "is not a record id"),
        (("show", "account", "00000000-0000-7000-8000-000000000000"), "There is no account"),
        (("show", "account", "--where", "bogus=1"), "has no field “bogus”"),
        (("enroll", "https://example.com"), "not an enrolment link"),
        (("export", "/nowhere/at/all.jsonl"), "cannot be written"),
    ],
)
def test_what_is_refused_gets_one_sentence_on_standard_error_and_code_1(
    shell: Shell, arguments: tuple[str, ...], words: str
) -> None:
    answer = shell(*arguments)
    assert (answer.code, answer.out) == (1, "")
    assert words in answer.err
    assert len(answer.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("do", "edit_acount", "{}"), "Did you mean edit_account?"),
        (("do", "edit_account", "{"), "This is not JSON"),
        (("show", "acount"), "There is no kind of record “acount”"),
    ],
)
def test_words_that_mean_nothing_here_are_wrong_usage_and_end_with_code_2(
    shell: Shell, arguments: tuple[str, ...], words: str
) -> None:
    answer = shell(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("do",),
        ("frobnicate",),
        ("show",),
        ("show", "account", "--where", "x"),
        ("sync", "--fast"),
        ("enroll",),
    ],
)
def test_wrong_usage_has_code_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    answer = shell(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "Usage: fieldrep" in answer.err


def test_ten_megabytes_from_standard_input_get_a_sentence(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Input:
        buffer = io.BytesIO(json.dumps({"name": "x" * 10_000_000}).encode())

    monkeypatch.setattr("sys.stdin", Input())
    answer = shell("do", "create_account", "-")
    assert answer.code == 1
    assert "10,000,000 characters long; at most 200 fit" in answer.err


def test_every_verb_says_what_to_do_where_nobody_is_enrolled(empty: Shell) -> None:
    for arguments in (("status", "--json"), ("sync",), ("verify",), ("show", "account"), ("do", "undo")):
        answer = empty(*arguments)
        assert (answer.code, answer.out) == (1, "")
        assert "nrol" in answer.err


def test_a_profile_that_belongs_to_nobody_is_not_called_sound(shell: Shell, profile: Path) -> None:
    with opened(profile) as replica:
        replica.change_state(device_id=b"")
    for arguments in (("verify",), ("verify", "--json"), ("export", "-"), ("show", "account")):
        answer = shell(*arguments)
        assert (answer.code, answer.out) == (1, "")
        assert "belongs to nobody yet" in answer.err


def test_a_device_that_its_server_bars_is_warned_of_by_the_status(shell: Shell, profile: Path) -> None:
    with opened(profile) as replica:
        replica.change_state(barred="This installation is a copy.")
    assert shell("status", "--json").json["warning"] == "This installation is a copy."


def test_a_wrong_passphrase_opens_nothing(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("wrong wrong wrong", encoding="utf-8")
    answer = shell("status")
    assert answer.code == 1
    assert "passphrase" in answer.err


def test_two_programs_on_one_profile_are_kept_apart(shell: Shell, profile: Path) -> None:
    other = opened(profile)
    try:
        answer = shell("do", "edit_account", json.dumps({"id": ACCOUNT, "phone": "1"}))
    finally:
        other.close()
    assert answer.code == 1
    assert "open" in answer.err
    assert shell("do", "edit_account", json.dumps({"id": ACCOUNT, "phone": "1"})).code == 0


def test_the_status_names_what_operators_watch(shell: Shell) -> None:
    shell("do", "edit_account", json.dumps({"id": ACCOUNT, "phone": "1"}))
    status = shell("status", "--json").json
    assert (status["user"], status["outbox_depth"], status["conflicts"], status["refused"]) == (
        "anke.visser",
        1,
        0,
        0,
    )
    assert status["last_sync"] == "2026-11-20T07:42:00+00:00"
    rows = status["rows"]
    assert isinstance(rows, dict)
    assert (rows["account"], rows["product"], rows["conflict"]) == (3, 4, 0)
    assert "outbox depth     1" in shell("status").out


def test_the_status_tells_the_age_of_what_waits_and_what_to_do(shell: Shell, profile: Path) -> None:
    status = shell("status", "--json").json
    assert (status["oldest_waiting_at"], status["warning"]) == (None, None)
    clock = Ticking()
    clock.now -= 10 * 365 * DAY
    with Replica.open(Profile(profile), KEY, clock, Counting()) as replica:
        edit_account(replica, row_id=AURORA, phone="1")
    status = shell("status", "--json").json
    assert status["oldest_waiting_at"] == clock.now
    assert str(status["oldest_waiting"]).endswith(" days")
    assert "tell your admin" in str(status["warning"])


def test_what_was_refused_is_listed_with_everything_that_was_entered(shell: Shell, profile: Path) -> None:
    assert shell("refused").out == "Nothing was refused.\n"
    made = shell(
        "do", "edit_account", json.dumps({"id": ACCOUNT, "phone": "0800 1", "note": "Ask\nMaria"})
    ).json
    with opened(profile) as replica:
        set_aside(replica, int(str(made["change"])), "The office said no.")
    told = shell("refused")
    assert (told.code, "The office said no." in told.out, "Phone:" in told.out) == (0, True, True)
    assert "→ 0800 1" in told.out
    (refused,) = json.loads(shell("refused", "--json").out)
    (entered,) = refused["entered"]
    assert entered["id"] == ACCOUNT
    assert entered["fields"]["note"]["after"] == "Ask\nMaria"
    assert shell("do", "send_again", json.dumps({"id": refused["id"]})).code == 0
    assert json.loads(shell("refused", "--json").out) == []


def test_a_refused_order_is_listed_once_with_the_command_that_brings_it_back_whole(
    shell: Shell, profile: Path
) -> None:
    with opened(profile) as replica:
        made = create_order(replica, account_id=HARBOR, lines=[NewLine(sku="210034", qty=MILLIONTH)])
        assert made.id is not None
        submit_order(replica, row_id=made.id)
        for change in replica.waiting(10, 10**6):
            set_aside(replica, change.n, "No.")
    command = f"""fieldrep do correct_order '{{"id": "{id_text(made.id)}"}}'"""
    assert shell("refused").out.count(command) == 1
    assert shell("do", "correct_order", json.dumps({"id": id_text(made.id)})).code == 0
    sent = shell("do", "send_corrected", json.dumps({"id": id_text(made.id)})).json
    assert str(sent["label"]).endswith("is sent again as a draft")
    assert sent["note"] == "The office does nothing about it until it is submitted."


def test_a_refused_change_that_was_handed_over_says_so_and_needs_nobody(shell: Shell, profile: Path) -> None:
    made = shell("do", "edit_account", json.dumps({"id": ACCOUNT, "phone": "0800 1"})).json
    with opened(profile) as replica:
        set_aside(replica, int(str(made["change"])), "The office said no.")
    assert shell("status", "--json").json["needs_you"] == 1
    (refused,) = json.loads(shell("refused", "--json").out)
    assert (refused["handed"], refused["answer"]) == ("", "")
    assert shell("do", "hand_over", json.dumps({"id": refused["id"]})).code == 0
    assert "Handed over: the admin has it" in shell("refused").out
    assert json.loads(shell("refused", "--json").out)[0]["handed"] == "open"
    status = shell("status", "--json").json
    assert [status[name] for name in ("refused", "handed_over", "answered", "needs_you")] == [1, 1, 0, 0]
    with opened(profile) as replica, replica.write() as connection:
        connection.execute("UPDATE handed_change SET status = 'closed', answer = 'Ask Piet.'")
    assert "The admin answered: Ask Piet." in shell("refused").out
    assert shell("status", "--json").json["answered"] == 1


def test_every_command_is_documented_with_its_fields(shell: Shell) -> None:
    listing = shell("do", "--list")
    assert listing.code == 0
    assert "create_order\n    Makes a draft order" in listing.out
    assert "account_id *" in listing.out
    commands = {entry["command"]: entry for entry in json.loads(shell("do", "--list", "--json").out)}
    fields = {field["name"]: field for field in commands["edit_account"]["fields"]}
    assert fields["id"]["required"] is True
    assert fields["tier"]["kind"] == "key|growth|standard"


def test_rows_are_shown_as_lines_of_json(shell: Shell) -> None:
    shown = [json.loads(line) for line in shell("show", "account").out.splitlines()]
    assert [row["id"] for row in shown] == sorted(row["id"] for row in shown)
    assert len(shown) == 3
    one = shell("show", "account", "--where", "tier=growth", "--where", "archived=false")
    assert [json.loads(line)["id"] for line in one.out.splitlines()] == [id_text(HARBOR)]


@pytest.mark.parametrize("choose", ["mine", "theirs"])
@pytest.mark.parametrize("later", ["nothing", "mine again", "a third person's"])
def test_a_conflict_is_shown_with_what_each_choice_then_writes(
    shell: Shell, profile: Path, choose: str, later: str
) -> None:
    with opened(profile) as replica:
        clash = id_text(conflict(replica, "clash"))
        if later == "mine again":
            edit_account(replica, row_id=AURORA, phone="0800 NEWER")
        elif later == "a third person's":
            with replica.write() as driver:
                driver.execute(
                    "UPDATE account SET phone = '0633', changed_by = ? WHERE id = ?", (PIET, AURORA)
                )
    shown = shell("show", "conflict").json
    assert shown == shell("show", "conflict", clash).json
    assert (shown["mine_value"], shown["theirs_value"]) == ("+31 10 411 2299", "+31 10 411 2200")
    assert (shown["choose_mine"], shown["choose_theirs"]) == {
        "nothing": ("+31 10 411 2299", "+31 10 411 2200"),
        "mine again": ("0800 NEWER", "+31 10 411 2200"),
        "a third person's": ("+31 10 411 2299", "0633"),
    }[later]
    exported = shell("export", "-").out
    assert '"mine_value":"+31 10 411 2299"' in exported
    assert "choose_mine" not in exported
    assert shell("do", "resolve_conflict", json.dumps({"id": clash, "choose": choose})).code == 0
    assert shell("show", "account", ACCOUNT).json["phone"] == shown[f"choose_{choose}"]
    assert "choose_mine" not in shell("show", "conflict", clash).json


def test_the_export_is_the_same_bytes_for_the_same_content(shell: Shell, tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    assert (shell("export", str(first)).code, shell("export", str(second)).code) == (0, 0)
    assert first.read_bytes() == second.read_bytes()
    lines = [json.loads(line) for line in first.read_text(encoding="utf-8").splitlines()]
    assert [line["entity"] for line in lines].count("account") == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl", "passphrase", "profile"]


def test_an_export_that_fails_leaves_the_earlier_file(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    (folder / "inside").touch()
    assert shell("export", str(folder)).code == 2
    assert (folder / "inside").exists()


def test_an_export_to_no_file_is_a_sentence(shell: Shell) -> None:
    answer = shell("export", "")
    assert answer.code == 2
    assert "names no file" in answer.err


def test_verify_names_what_is_wrong(shell: Shell, profile: Path) -> None:
    small = opened(profile)
    with small.write() as connection:
        connection.execute("DELETE FROM account WHERE id = ?", (HARBOR,))
    small.close()
    answer = shell("verify", "--json")
    assert answer.code == 1
    assert answer.json["ok"] is False
    assert id_text(HARBOR) in answer.err


def test_the_version_is_the_packages(shell: Shell) -> None:
    assert __version__ in shell("--version").out
