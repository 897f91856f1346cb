"""Devices: a code admits one, a token identifies it, and a withdrawn one is served nothing more (I18, S5, S7, S8)."""

from __future__ import annotations

import re

import msgspec
import pytest

from fieldrep.contract.digest import Digest
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import EnrollReply, EnrollRequest, Handshake
from sync_server.store.devices import credentials
from sync_server.store.office.admin import disable_user
from sync_server.store.proof.verify import verify
from tests.store_suite.world import Copy, World


def code_for(world: World, user_id: bytes) -> str:
    with world.write() as tx:
        return credentials.make_code(tx, world.randomness, user_id)


def request(code: str, key: bytes = b"public", name: str = "Laptop") -> EnrollRequest:
    return EnrollRequest(code, name, "Linux", "0.1.0", 1, key)


def admitted(world: World, user_id: bytes) -> EnrollReply:
    return credentials.admit(world.database, request(code_for(world, user_id)))


def handshake(cursor: bytes = b"", highest_n: int = 0, incarnation: bytes = b"i" * 16) -> Handshake:
    return Handshake(1, 1, "0.1.0", incarnation, cursor=cursor, highest_n=highest_n, digest=Digest(1, 2))


def test_a_code_admits_a_device_whose_token_then_identifies_it(world: World) -> None:
    ana = world.user("ana", role="manager")
    reply = admitted(world, ana)
    assert re.fullmatch(r"frd_[A-Z2-7]{8}_[A-Za-z0-9_-]{43}", reply.token)
    device = credentials.identify(world.database, reply.token)
    assert device is not None
    assert (device.device_id, device.user_id, device.login) == (reply.device_id, ana, "ana")
    assert (device.role, device.state, device.incarnation, device.known_revision) == (
        "manager",
        "active",
        b"",
        0,
    )
    info = world.database.info()
    assert (reply.server_id, reply.epoch, reply.number_prefix) == (info.server_id, info.epoch, "D1")
    assert admitted(world, ana).number_prefix == "D2"
    assert reply.device_id in world.fresh(ana).ids("device")
    assert verify(world.database) == []


def test_neither_codes_nor_tokens_are_kept_in_the_store(world: World) -> None:
    code = code_for(world, world.user("ana"))
    token = credentials.admit(world.database, request(code)).token
    with world.database.read() as reader:
        kept = repr(
            [
                reader.rows(sql)
                for sql in (
                    "SELECT * FROM device_credential",
                    "SELECT * FROM enrollment_code",
                    "SELECT * FROM audit_entry",
                    "SELECT * FROM device",
                )
            ]
        )
    assert token[13:] not in kept
    assert code not in kept
    assert code.replace("-", "") not in kept


def test_a_code_may_be_typed_with_other_letters_case_and_blanks(world: World) -> None:
    code = code_for(world, world.user("ana"))
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert credentials.admit(world.database, request(typed)).login == "ana"


@pytest.mark.parametrize(
    "code", ["", "AAAA-BBBB-CCCC-DDDD", "x" * 10_000, "\ud800", "é", "%", "'; DROP TABLE device"]
)
def test_a_code_nobody_made_admits_nobody(world: World, code: str) -> None:
    code_for(world, world.user("ana"))
    with pytest.raises(KnownError) as refused:
        credentials.admit(world.database, request(code))
    assert refused.value.code is Code.LINK_INVALID


def test_a_used_code_admits_no_second_device(world: World) -> None:
    code = code_for(world, world.user("ana"))
    credentials.admit(world.database, request(code))
    for key in (b"other", b""):
        with pytest.raises(KnownError) as refused:
            credentials.admit(world.database, request(code, key))
        assert refused.value.code is Code.LINK_USED
    with world.database.read() as reader:
        assert len(list(reader.all("device"))) == 1


def test_a_lost_reply_to_an_enrolment_is_answered_again_with_a_fresh_token(world: World) -> None:
    code = code_for(world, world.user("ana"))
    first = credentials.admit(world.database, request(code))
    second = credentials.admit(world.database, request(code))
    assert (first.device_id, first.number_prefix) == (second.device_id, second.number_prefix)
    assert credentials.identify(world.database, first.token) is None
    assert credentials.identify(world.database, second.token) is not None


def test_a_code_ends_after_ten_minutes_also_for_the_device_it_admitted(world: World) -> None:
    ana = world.user("ana")
    used, unused = code_for(world, ana), code_for(world, ana)
    credentials.admit(world.database, request(used))
    world.clock.at += 10 * 60 * 1000
    for code in (used, unused):
        with pytest.raises(KnownError) as refused:
            credentials.admit(world.database, request(code))
        assert refused.value.code is Code.LINK_EXPIRED


def test_a_code_of_a_disabled_user_admits_nobody(world: World) -> None:
    code = code_for(world, world.user("ana"))
    with world.write() as tx:
        disable_user(tx, "ana")
    with pytest.raises(KnownError) as refused:
        credentials.admit(world.database, request(code))
    assert refused.value.code is Code.LINK_INVALID


def test_what_a_device_says_of_itself_is_held_to_the_limits(world: World) -> None:
    code = code_for(world, world.user("ana"))
    for name in ("x" * 121, "a\x00b", "\ud800"):
        with pytest.raises(KnownError) as refused:
            credentials.admit(world.database, request(code, name=name))
        assert refused.value.code is Code.INVALID_VALUE
    assert credentials.admit(world.database, request(code, name="Ana's “Laptop”")).login == "ana"


def test_a_token_that_differs_in_any_letter_identifies_nobody(world: World) -> None:
    token = admitted(world, world.user("ana")).token
    for position in (0, 4, 11, 13, 40, len(token) - 1):
        other = "A" if token[position] != "A" else "B"
        assert credentials.identify(world.database, token[:position] + other + token[position + 1 :]) is None
    for forged in (
        "",
        "frd_",
        token[:-1],
        token + "A",
        token.replace("_", "-"),
        "é" * 55,
        "x" * 100_000,
        token[:12],
    ):
        assert credentials.identify(world.database, forged) is None


def test_a_withdrawn_device_is_known_no_more_from_the_next_moment_on(world: World) -> None:
    ana = world.user("ana")
    reply, other = admitted(world, ana), admitted(world, ana)
    device = credentials.identify(world.database, reply.token)
    assert device is not None
    with world.write() as tx:
        credentials.confirm(tx, device)
        credentials.revoke(tx, device.device_id, "lost in a taxi")
    assert credentials.identify(world.database, reply.token) is None
    assert credentials.identify(world.database, other.token) is not None
    with world.write() as tx, pytest.raises(KnownError) as refused:
        credentials.confirm(tx, device)
    assert refused.value.code is Code.DEVICE_REVOKED
    with world.database.read() as reader:
        row = reader.row("device", device.device_id)
        assert row is not None
        assert row["state"] == "withdrawn"
        assert reader.rows("SELECT revoked_why FROM device_credential WHERE revoked_at IS NOT NULL") == [
            ("lost in a taxi",)
        ]
        withdrawn = reader.row("device", device.device_id)
    with world.write() as tx, pytest.raises(KnownError) as again:
        credentials.revoke(tx, device.device_id, "found in a taxi")
    assert again.value.code is Code.NOTHING_TO_CHANGE
    with world.database.read() as reader:
        assert reader.row("device", device.device_id) == withdrawn
    with world.write() as tx, pytest.raises(KnownError):
        credentials.revoke(tx, b"n" * 16, "no such device")


def test_a_disabled_user_holds_nothing_and_his_devices_are_withdrawn(world: World) -> None:
    ana = world.user("ana")
    reply = admitted(world, ana)
    copy = world.fresh(ana)
    with world.write() as tx:
        disable_user(tx, "ana")
    assert credentials.identify(world.database, reply.token) is None
    world.sync(copy)
    assert copy.rows == {}
    with world.write() as tx, pytest.raises(KnownError) as refused:
        disable_user(tx, "ana")
    assert refused.value.code is Code.NOTHING_TO_CHANGE


def test_what_a_device_showed_to_have_is_remembered_and_never_shrinks(world: World) -> None:
    ana = world.user("ana")
    reply = admitted(world, ana)
    copy = Copy(ana)
    empty = copy.cursor
    world.sync(copy)

    def contact(shown: Handshake) -> credentials.DeviceIdentity:
        device = credentials.identify(world.database, reply.token)
        assert device is not None
        world.database.note_contact(device, shown, world.database.pull(ana, copy.cursor, 1_000).revision)
        again = credentials.identify(world.database, reply.token)
        assert again is not None
        return again

    device = contact(handshake(copy.cursor, 5))
    assert (device.known_revision, device.highest_n) == (world.database.info().revision, 5)
    assert device.incarnation == b"i" * 16
    later = contact(handshake(empty, 2, b"j" * 16))
    assert (later.known_revision, later.highest_n) == (device.known_revision, 5)
    assert later.incarnation == b"i" * 16, "an installation stays the one it was first seen as"
    assert contact(handshake(b"rubbish", 6)).highest_n == 6


def test_exchanges_that_overtake_each_other_in_two_server_processes_take_nothing_back(world: World) -> None:
    ana = world.user("ana")
    reply = admitted(world, ana)
    copy = world.fresh(ana)
    empty = Copy(ana).cursor
    looked = credentials.identify(world.database, reply.token)
    assert looked is not None
    present = world.database.info().revision
    world.database.note_contact(looked, handshake(copy.cursor, 7), present)
    world.database.note_contact(looked, handshake(empty, 5, b"j" * 16), present)
    again = credentials.identify(world.database, reply.token)
    assert again is not None
    assert (again.known_revision, again.highest_n, again.incarnation) == (present, 7, b"i" * 16)


def test_a_device_with_nothing_new_to_tell_is_not_written_down_each_time(world: World) -> None:
    ana = world.user("ana")
    reply = admitted(world, ana)
    copy = world.fresh(ana)

    def seen_at_after_contact() -> int:
        device = credentials.identify(world.database, reply.token)
        assert device is not None
        world.database.note_contact(device, handshake(copy.cursor), world.pull(copy).revision)
        again = credentials.identify(world.database, reply.token)
        assert again is not None
        return again.seen_at

    first = seen_at_after_contact()
    assert seen_at_after_contact() == first
    world.clock.at += 61_000
    assert seen_at_after_contact() > first


@pytest.mark.parametrize(
    "cursor",
    [
        b"rubbish",
        b"\xff" * 100,
        msgspec.msgpack.encode([10**6, 10**6, 3, "", b"", 0, b"", 0]),
        msgspec.msgpack.encode([-5, 1, 0, "", b"", 0, b"", 0]),
        msgspec.msgpack.encode([2, 1, 0, "", b"", 0, b"", 0]),
        msgspec.msgpack.encode([0, 1, 9, "", b"", 0, b"", 0]),
        msgspec.msgpack.encode([0, 1, 0, "", "text", 0, b"", 0]),
        b"\x91" * 5_000,
    ],
)
def test_a_forged_cursor_is_refused_and_shows_nothing(world: World, cursor: bytes) -> None:
    ana = world.user("ana")
    with pytest.raises(KnownError) as refused:
        world.database.pull(ana, cursor, 1_000)
    assert refused.value.code is Code.DAMAGED_MESSAGE


def test_a_cursor_that_stands_in_a_foreign_account_shows_nothing_of_it(world: World) -> None:
    ana, ben = world.user("ana"), world.user("ben")
    account = world.account(owner=ben)
    world.account(owner=ana)
    now = world.database.info().revision
    for entity in ("account", "no such entity"):
        for stage in (0, 1):
            forged = msgspec.msgpack.encode([0, now, stage, entity, b"A" + account, 0, b"\x00", 0])
            copy = Copy(ana)
            copy.take(world.database.pull(ana, forged, 100_000))
            assert account not in copy.ids("account")


def test_only_whoever_has_the_whole_token_hears_why_it_is_not_taken(world: World) -> None:
    withdrawn = credentials.admit(world.database, request(code_for(world, world.user("ana"))))
    disabled = credentials.admit(world.database, request(code_for(world, world.user("bo"))))
    with world.write() as tx:
        credentials.revoke(tx, withdrawn.device_id, "lost")
        disable_user(tx, "bo")
    for token, words in (
        (
            withdrawn.token,
            "This device was withdrawn by your admin. Your work is kept; ask your admin for a new link",
        ),
        (
            disabled.token,
            "You were disabled on the server by your admin. Your work is kept; ask your admin to enable",
        ),
        (disabled.token[:-1], "does not know this device"),
        ("frd_NOBODY_x", "does not know this device"),
        ("", "does not know this device"),
    ):
        assert credentials.identify(world.database, token) is None
        with world.database.read() as reader:
            assert words in credentials.why_unknown(reader, token)
