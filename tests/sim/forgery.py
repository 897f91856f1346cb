"""Messages that no honest laptop writes: the office's fields, other people's accounts.

Of the laptop itself they say what it would say: after a restore the store knows from that alone whether what was sent
came back. Must not know what the server answers; the oracle does.
"""

from __future__ import annotations

from fieldrep.contract.change import Change, Edit
from fieldrep.contract.messages import ExchangeRequest, encode_request
from fieldrep.sync.handshake import handshake_of
from tests.sim.central import Central
from tests.sim.laptop import Laptop


def forge(central: Central, laptop: Laptop, n: int, pick: int, products: list[bytes]) -> str:
    """Somebody with a laptop's token hands in a change of his own making; what it was, and its answer."""
    edit, told = forged(central, laptop.user, pick, products)
    change = Change(n, central.now(), "forged", (edit,))
    body = encode_request(ExchangeRequest(handshake_of(laptop.replica), (change,)))
    central.handle(laptop.token, body, laptop.device, laptop.user)
    return f"{told}: {central.answers.get((laptop.device, n))}"


def forged(central: Central, user: bytes, pick: int, products: list[bytes]) -> tuple[Edit, str]:
    """One edit somebody should not get away with, or which harms nobody; and what it is."""
    oracle, names = central.oracle, central.names
    mine = {row_id for entity, row_id in oracle.visible(user) if entity == "account"}
    ranked = sorted(oracle.rows["account"], key=lambda row_id: names[row_id])
    foreign = [row_id for row_id in ranked if row_id not in mine] or ranked
    # best of all: an account he held once, and whose way back in he may still know
    once = [row_id for row_id in foreign if oracle.grants.get((user, ("account", row_id)))]
    foreign = once or foreign
    account = foreign[pick % len(foreign)]
    kind = (pick >> 8) % 4
    fresh = (pick & (1 << 62) - 1).to_bytes(16, "big")
    names.setdefault(fresh, f"forged.{pick}")
    central.marks.setdefault(fresh, names[account])
    if kind == 0:
        old = oracle.rows["account"][account]["note"]
        revision = central.revisions["account", account]
        return Edit("account", account, "update", revision, {"note": old}, {"note": "forged"}), "a note"
    if kind == 1:
        values = {"account_id": account, "family_name": "Forged", "opt_out": 0}
        return Edit("contact", fresh, "create", 0, {}, values), "a contact"
    if kind == 2:
        own = [row_id for row_id in ranked if row_id in mine] or ranked
        return Edit("account", own[0], "update", 0, {}, {"owner_user_id": user}), "an owner"
    contacts = sorted(oracle.rows["contact"], key=lambda row_id: names[row_id])
    values = {
        "account_id": account,
        "contact_id": contacts[pick % len(contacts)],
        "role": "spy",
        "is_primary": 0,
    }
    return Edit("account_contact", fresh, "create", 0, {}, values), "a role"
