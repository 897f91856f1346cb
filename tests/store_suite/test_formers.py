"""Enrolling again: whose link it must be, and that what was sent as the former device is not taken twice (I3)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fieldrep.contract import steps
from fieldrep.contract.change import Accepted, Change, Edit, Merged, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import EnrollReply, ExchangeReply, ExchangeRequest, Handshake, Verdict
from fieldrep.contract.steps import Step
from sync_server.reconcile.exchange import exchange
from sync_server.store.devices import credentials
from sync_server.store.proof.verify import verify
from tests.store_suite.laptop import go_back, keep
from tests.store_suite.test_credentials import admitted, code_for, request
from tests.store_suite.world import World

FIRST, SECOND = b"1" * 16, b"2" * 16
SHOP = bytes(15) + b"\x01"


def made(name: str = "Shop", n: int = 1) -> Change:
    return Change(n, 5, "create_account", (Edit("account", SHOP, "create", 0, {}, {"name": name}),))


def told(phone: str, n: int = 2) -> Change:
    return Change(
        n, 6, "edit_account", (Edit("account", SHOP, "update", 0, {"phone": None}, {"phone": phone}),)
    )


def pushed(
    world: World, device: EnrollReply, incarnation: bytes, *changes: Change, carried: bool = False
) -> ExchangeReply:
    known = credentials.identify(world.database, device.token)
    assert known is not None
    handshake = Handshake(1, 1, "0.1.0", incarnation, server_id=device.server_id, epoch=device.epoch)
    return exchange(world.database, known, ExchangeRequest(handshake, changes), carried=carried)


def again(world: World, user_id: bytes, former: EnrollReply) -> EnrollReply:
    asked = msgspec.structs.replace(
        request(code_for(world, user_id), key=b"second"),
        server_id=former.server_id,
        user_id=former.user_id,
        former_device=former.device_id,
        former_incarnation=FIRST,
    )
    return credentials.admit(world.database, asked)


def test_what_the_former_device_sent_is_answered_as_it_was_then_and_the_rest_is_judged(world: World) -> None:
    ana = world.user("ana")
    first = admitted(world, ana)
    sent = pushed(world, first, FIRST, made(), told("by the first"))
    second = again(world, ana, first)
    answered = pushed(world, second, SECOND, made(), told("by the second"), told("by the second", n=3))
    assert answered.outcomes[0] == sent.outcomes[0]
    assert isinstance(answered.outcomes[0], Accepted)
    assert answered.outcomes[1] != sent.outcomes[1], "the same number with other content is another change"
    with world.database.read() as reader:
        assert [row["name"] for row in reader.all("account")] == ["Shop"]
        (conflict,) = reader.all("conflict")
    assert conflict["field"] == "phone"
    third = again(world, ana, second)
    assert third.device_id not in (first.device_id, second.device_id)
    assert verify(world.database) == []


def test_what_two_copies_of_a_withdrawn_laptop_share_is_taken_once_from_whichever_comes_first(
    world: World,
) -> None:
    ana = world.user("ana")
    first = admitted(world, ana)
    pushed(world, first, FIRST)
    with world.write() as tx:
        credentials.revoke(tx, first.device_id, "lost")
    one, other = again(world, ana, first), again(world, ana, first)
    sent = pushed(world, one, SECOND, made(), told("by one of them"))
    answered = pushed(world, other, b"3" * 16, made(), told("by the other", n=2), told("by the other", n=3))
    assert answered.outcomes[0] == sent.outcomes[0], "the shop was made before there were two"
    assert [type(outcome) for outcome in answered.outcomes[1:]] == [Merged, Merged], "the rest is its own"
    assert verify(world.database) == []


def test_what_a_copy_handed_in_first_is_taken_once_though_the_laptop_it_came_from_lives_on(
    world: World,
) -> None:
    ana = world.user("ana")
    first = admitted(world, ana)
    pushed(world, first, FIRST)
    copied = again(world, ana, first)
    sent = pushed(world, copied, SECOND, made(), told("by the copy"))
    answered = pushed(world, first, FIRST, made(), told("by the first"))
    assert answered.outcomes[0] == sent.outcomes[0], "the shop was made before there were two"
    assert isinstance(answered.outcomes[1], Merged), "the rest is its own"
    assert verify(world.database) == []


def test_two_copies_of_a_laptop_that_a_restored_store_does_not_know_share_what_they_were_answered(
    world: World,
) -> None:
    ana, bob = world.user("ana"), world.user("bob")
    one = admitted(world, ana)
    lost = msgspec.structs.replace(one, device_id=b"enrolled since.!")
    first, second = again(world, ana, lost), again(world, ana, lost)
    asked = request(code_for(world, bob), key=b"stranger")
    stranger = credentials.admit(
        world.database,
        msgspec.structs.replace(asked, former_device=lost.device_id, former_incarnation=FIRST),
    )
    sent = pushed(world, first, FIRST, made())
    assert isinstance(sent.outcomes[0], Accepted)
    assert pushed(world, second, SECOND, made()).outcomes == sent.outcomes
    assert pushed(world, stranger, b"3" * 16, made()).outcomes != sent.outcomes, "it names another's laptop"
    assert verify(world.database) == []


def test_another_users_device_is_no_former_one(world: World) -> None:
    ana, bob = world.user("ana"), world.user("bob")
    first = admitted(world, ana)
    pushed(world, first, FIRST, made())
    asked = msgspec.structs.replace(
        request(code_for(world, bob)), former_device=first.device_id, former_incarnation=FIRST
    )
    stranger = credentials.admit(world.database, asked)
    (outcome,) = pushed(world, stranger, SECOND, made()).outcomes
    assert not isinstance(outcome, Accepted), "nobody is told what another person's device was answered"


def test_a_laptop_that_cannot_tell_who_it_was_shows_it_with_what_it_brings(world: World) -> None:
    ana, bob = world.user("ana"), world.user("bob")
    first = admitted(world, ana)
    sent = pushed(world, first, FIRST, made(), told("1"), told("2", n=3)).outcomes
    repaired = admitted(world, ana)
    part = pushed(world, repaired, SECOND, made())
    assert part.outcomes == sent[:1], "who it belongs to was lost with the file; the work is the same"
    rest = pushed(world, repaired, SECOND, told("1"), told("2", n=3), told("3", n=4)).outcomes
    assert rest[:2] == sent[1:], "nothing of it is judged a second time"
    assert isinstance(rest[2], Merged), "what is new is judged"
    other = admitted(world, ana)
    (outcome,) = pushed(world, other, b"3" * 16, made("Another")).outcomes
    assert isinstance(outcome, Refused), "the same record with other content is no repeat"
    stranger = admitted(world, bob)
    (outcome,) = pushed(world, stranger, b"4" * 16, made()).outcomes
    assert isinstance(outcome, Refused), "nobody is told what another person's device was answered"
    assert verify(world.database) == []


def test_what_a_repaired_laptop_handed_in_is_not_refused_when_its_file_of_before_comes_late(
    world: World,
) -> None:
    ana, bob = world.user("ana"), world.user("bob")
    first, repaired, stranger = admitted(world, ana), admitted(world, ana), admitted(world, bob)
    for device, incarnation in ((first, FIRST), (stranger, b"3" * 16)):
        pushed(world, device, incarnation)
    sent = pushed(world, repaired, SECOND, made(), told("1"), told("2", n=3)).outcomes

    late = pushed(world, first, FIRST, made(), told("1"), told("saved by nobody", n=4), carried=True)
    assert late.outcomes[:2] == sent[:2], "nothing of it is judged a second time"
    assert isinstance(late.outcomes[2], Merged), "what the repair had lost is judged"
    assert pushed(world, first, FIRST, made(), told("1"), carried=True).outcomes == sent[:2]
    (outcome,) = pushed(world, first, FIRST, made("Another", n=5), carried=True).outcomes
    assert isinstance(outcome, Refused), "the same record with other content is no repeat"
    (outcome,) = pushed(world, stranger, b"3" * 16, made(), carried=True).outcomes
    assert isinstance(outcome, Refused), "nobody is told what another person's device was answered"
    assert verify(world.database) == []


def test_a_store_restored_to_before_it_was_shown_is_shown_again_who_a_laptop_was(
    world: World, tmp_path: Path
) -> None:
    ana = world.user("ana")
    sent = pushed(world, admitted(world, ana), FIRST, made()).outcomes
    repaired = admitted(world, ana)
    keep(world, tmp_path)
    assert pushed(world, repaired, SECOND, made()).outcomes == sent
    go_back(world, tmp_path)
    assert pushed(world, repaired, SECOND, made()).verdict is Verdict.START_OVER
    met_again = msgspec.structs.replace(repaired, epoch=world.database.info().epoch)
    assert pushed(world, met_again, SECOND, made()).outcomes == sent
    assert verify(world.database) == []


@pytest.mark.parametrize(
    ("field", "code"), [("user_id", Code.OTHER_USER), ("server_id", Code.DIFFERENT_SERVER)]
)
def test_a_link_of_another_person_or_store_is_refused_and_stays_good(
    world: World, field: str, code: Code
) -> None:
    ana = world.user("ana")
    link = code_for(world, ana)
    asked = request(link)
    with pytest.raises(KnownError) as caught:
        credentials.admit(world.database, msgspec.structs.replace(asked, **{field: b"x" * 16}))
    assert caught.value.code is code
    assert credentials.admit(world.database, asked).login == "ana"


@pytest.mark.parametrize(("dies_at", "kept"), [(Step.FLUSHED, False), (Step.COMMITTED, True)])
def test_what_a_device_tells_with_a_push_is_kept_exactly_when_the_push_is(
    world: World, dies_at: Step, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = world.user("ana")
    device = admitted(world, ana)

    def die(step: Step) -> None:
        if step is dies_at:
            raise RuntimeError("the server dies")

    monkeypatch.setattr(steps, "listener", die)
    with pytest.raises(RuntimeError):
        pushed(world, device, FIRST, made())
    monkeypatch.undo()
    with world.database.read() as reader:
        assert len(list(reader.all("account"))) == int(kept)
    known = credentials.identify(world.database, device.token)
    assert known is not None
    assert known.incarnation == (FIRST if kept else b"")
