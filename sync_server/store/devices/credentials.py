"""Devices' credentials: one-time codes that admit a device, and tokens that identify it.

Owns the only tables with secrets, and keeps those as SHA-256 alone (S7, S8). Must not know HTTP. Every device is known
by its token and by nothing it says (S5).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence

from fieldrep.contract.catalogue import CATALOGUE, SCHEMA_VERSION
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Randomness, RowId
from fieldrep.contract.messages import EnrollReply, EnrollRequest
from fieldrep.contract.values import check_value
from sync_server.store.bundle_key import keys_of_store
from sync_server.store.database import Database
from sync_server.store.devices.contact import DeviceIdentity
from sync_server.store.devices.formers import named_formers, note_former
from sync_server.store.devices.known_before import is_locked_unknown, note_heir, shut_out_unknown
from sync_server.store.devices.standing import is_locked, is_withdrawn, no_such_device, stand
from sync_server.store.dialect import Row as Tuple
from sync_server.store.reading import Reader
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

__all__ = [
    "DeviceIdentity",
    "admit",
    "ask_admitted",
    "confirm",
    "confirm_all",
    "device_and_key",
    "identify",
    "identify_in",
    "make_code",
    "revoke",
    "why_unknown",
    "withdraw",
]

CODE_LIFETIME_MS = 10 * 60 * 1000

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILO", "110", "- ")
_CODE_LETTERS = 16
_LONGEST_TOKEN = 200
STILL_ADMITTED = (
    "SELECT c.device_id, COALESCE("
    "(SELECT 1 FROM device_former AS f WHERE f.device_id = c.device_id LIMIT 1), "
    "(SELECT 1 FROM device_former AS f WHERE f.former_id = c.device_id LIMIT 1), "
    "(SELECT 1 FROM device_return AS r WHERE r.epoch = (SELECT epoch FROM store_info WHERE one = 1) "
    "AND r.device_id = c.device_id LIMIT 1), "
    "(SELECT 1 FROM settled_floor AS s WHERE s.device_id = c.device_id LIMIT 1)), d.state "
    "FROM device_credential AS c JOIN app_user AS u ON u.id = c.user_id JOIN device AS d ON d.id = c.device_id "
    "WHERE c.device_id IN :members AND c.revoked_at IS NULL AND u.active = 1 AND u.archived = 0"
)
LOCKED = (
    "This laptop is locked by your admin; ask them to unlock it. You may work on: what you enter is kept here and goes "
    "out by itself then."
)
WITHDRAWN = (
    "This device was withdrawn by your admin. Your work is kept; ask your admin for a new link, "
    "with which it goes out."
)


def make_code(
    tx: WriteTransaction, randomness: Randomness, user_id: bytes, lifetime_ms: int = CODE_LIFETIME_MS
) -> str:
    """A code of 80 random bits that admits one device for a user, once, within its time."""
    number = int.from_bytes(randomness(_CODE_LETTERS * 5 // 8), "big")
    letters = "".join(_ALPHABET[number >> 5 * i & 31] for i in range(_CODE_LETTERS))
    tx.session.run(
        "INSERT INTO enrollment_code (code_hash, user_id, made_at, expires_at) VALUES (?, ?, ?, ?)",
        (_code_hash(letters), user_id, tx.now, tx.now + lifetime_ms),
    )
    tx.audit("make_enrollment_code", entity="user", row_id=user_id)
    return "-".join(letters[i : i + 4] for i in range(0, _CODE_LETTERS, 4))


def admit(database: Database, request: EnrollRequest) -> EnrollReply:
    """Trades a code for a device: its row, its token and its number prefix.

    The same code with the same public key within its time is answered again, with a fresh token: a lost reply must not
    cost the code.

    Raises:
        KnownError: `link_invalid`, `link_used` or `link_expired`; `different_server` or `other_user` when the profile
            holds data of another company or person, `device_locked` when it is that of a device which the admin locked;
            the link then stays good.
    """
    with database.write("enrolment") as tx:
        user, device_id = _redeem(tx, request)
        info = tx.info()
        _check_meant(request, info.server_id, _id(user))
        was = named_formers(tx, request)
        _check_unlocked(tx, was[0][0], user)
        device = tx.row("device", device_id) if device_id else None
        if device is None:
            device = _new_device(tx, user)
        device.update(_described(request), revision=tx.new_revision(), changed_at=tx.now)
        tx.stage("device", device)
        token = _give_token(tx, database.randomness, device, request.public_key)
        tx.session.run(
            "UPDATE enrollment_code SET used_at = ?, device_id = ? WHERE code_hash = ?",
            (tx.now, device["id"], _code_hash(request.code)),
        )
        tx.audit("enrol_device", entity="device", row_id=_id(device), detail=str(user["login"]))
        note_former(tx, _id(device), _id(user), was)
        note_heir(tx, _id(device), str(user["login"]), was)
        return EnrollReply(
            device_id=_id(device),
            token=token,
            user_id=_id(user),
            login=str(user["login"]),
            user_name=str(user["name"]),
            number_prefix=str(device["number_prefix"]),
            server_id=info.server_id,
            epoch=info.epoch,
            server_key=keys_of_store(tx, database.randomness).public,
            schema=SCHEMA_VERSION,
        )


def identify(database: Database, token: str) -> DeviceIdentity | None:
    """The device a token belongs to; None for an unknown or revoked token and for a user who is no longer active."""
    with database.read() as reader:
        return identify_in(reader, token)


def identify_in(reader: Reader, token: str) -> DeviceIdentity | None:
    """As `identify`, in a state that is already open."""
    prefix = token_prefix(token)
    if prefix is None:
        return None
    found = reader.session.first(f"{_IDENTITY} AND c.token_prefix = ?", (prefix,))
    return None if found is None or not is_token_of(found, token) else identity_of(found)


def token_prefix(token: str) -> str | None:
    """The part of a token by which it is looked up, None for what is no token."""
    kind, _, rest = token.partition("_")
    if kind != "frd" or len(token) > _LONGEST_TOKEN or not token.isascii():
        return None
    return rest.partition("_")[0]


def is_token_of(found: Tuple, token: str) -> bool:
    """Whether a token is that of a device that was found by its part."""
    return hmac.compare_digest(bytes(found[0]), _token_hash(token))


def why_unknown(reader: Reader, token: str) -> str:
    """The sentence for a token that `identify_in` does not take; only whoever has the whole token is told more."""
    kind, _, rest = token.partition("_")
    found = None
    if kind == "frd" and len(token) <= _LONGEST_TOKEN and token.isascii():
        sql = (
            "SELECT c.token_hash, u.active, u.archived FROM device_credential AS c "
            "JOIN app_user AS u ON u.id = c.user_id WHERE c.token_prefix = ?"
        )
        found = reader.session.first(sql, (rest.partition("_")[0],))
    if found is None or not hmac.compare_digest(bytes(found[0]), _token_hash(token)):
        return "The server does not know this device (any more). Your work is kept; ask your admin."
    if not found[1] or found[2]:
        return (
            "You were disabled on the server by your admin. Your work is kept; ask your admin to enable you and for a "
            "new link, with which it goes out."
        )
    return WITHDRAWN


def device_and_key(reader: Reader, device_id: bytes) -> tuple[DeviceIdentity, bytes] | None:
    """A device that is still admitted and the public keys it showed, for a file that says it is from it."""
    found = reader.session.first(f"{_IDENTITY} AND c.device_id = ?", (device_id,))
    return (identity_of(found), bytes(found[1])) if found is not None else None


IDENTITY_COLUMNS = (
    "c.token_hash, c.public_key, c.device_id, c.user_id, u.login, u.role, d.state, "
    "k.incarnation, k.revision, k.highest_n, k.seen_at, k.waiting, k.settled_to, k.pushed_from"
)
IDENTITY_TABLES = (
    "device_credential AS c JOIN device AS d ON d.id = c.device_id JOIN app_user AS u ON u.id = c.user_id "
    "LEFT JOIN device_contact AS k ON k.device_id = c.device_id"
)
ADMITTED = "c.revoked_at IS NULL AND u.active = 1 AND u.archived = 0"
_IDENTITY = f"SELECT {IDENTITY_COLUMNS} FROM {IDENTITY_TABLES} WHERE {ADMITTED}"  # noqa: S608 - constants


def identity_of(row: Tuple) -> DeviceIdentity:
    """The device of a tuple of `IDENTITY_COLUMNS`."""
    _, _, device_id, user_id, login, role, state, incarnation, *noted = row
    revision, highest_n, seen_at, waiting, settled_to, pushed_from = (value or 0 for value in noted)
    return DeviceIdentity(
        device_id=RowId(device_id),
        user_id=RowId(user_id),
        login=login,
        role=role,
        state=state,
        incarnation=incarnation or b"",
        known_revision=revision,
        highest_n=highest_n,
        seen_at=seen_at,
        waiting=waiting,
        settled_to=settled_to,
        pushed_from=pushed_from,
    )


def confirm(reader: Reader, device: DeviceIdentity) -> None:
    """Checks, in the very transaction that serves or takes something, that the device is still admitted (I18).

    Raises:
        KnownError: `device_revoked`, `device_locked`.
    """
    confirm_all(ask_admitted(reader, [device]), [device])


def ask_admitted(reader: Reader, devices: Sequence[DeviceIdentity]) -> Iterator[Tuple]:
    """What the store says of devices, for `confirm_all`; waited for only there."""
    return reader.session.chosen(STILL_ADMITTED, [device.device_id for device in devices])


def confirm_all(admitted: Iterator[Tuple], devices: Sequence[DeviceIdentity]) -> set[bytes]:
    """As `confirm`, for all that are about to hand something in at once.

    Gives those of which the store remembers more than their answers: who they were before, that they came back after
    a restore, or up to where their answers were dropped.

    Raises:
        KnownError: `device_revoked`, `device_locked`, when one of them was withdrawn or locked.
    """
    found = list(admitted)
    known = {device_id for device_id, _, _ in found}
    if any(device.device_id not in known for device in devices):
        raise KnownError(Code.DEVICE_REVOKED, WITHDRAWN)
    if any(state == "locked" for _, _, state in found):
        raise KnownError(Code.DEVICE_LOCKED, LOCKED)
    return {device_id for device_id, has_past, _ in found if has_past}


def revoke(tx: WriteTransaction, device_id: bytes, why: str) -> None:
    """Withdraws a device for good; nothing is served or accepted after this commits.

    One that a restored store does not know is no longer awaited, and is shut out of any store restored later.

    Raises:
        KnownError: `not_found`, or `nothing_to_change` when it is withdrawn already.
    """
    device = tx.row("device", device_id)
    if device is None:
        if shut_out_unknown(tx, device_id, why):
            return
        raise no_such_device()
    if is_withdrawn(tx, device):
        how = "wiped" if device["state"] == "wiped" else "withdrawn"
        raise KnownError(Code.NOTHING_TO_CHANGE, f"This device is {how} already.")
    withdraw(tx, device_id, why)
    # nothing is taken any more, so an order to send all and then wipe cannot be carried out
    tx.session.run("DELETE FROM device_wipe WHERE device_id = ? AND wiped_at IS NULL", (device_id,))
    stand(tx, device, "withdrawn")
    tx.audit("revoke_device", entity="device", row_id=device_id, detail=why)


def withdraw(tx: WriteTransaction, device_id: bytes, why: str) -> None:
    """Ends a device's credential, where it has not ended before."""
    tx.session.run(
        "UPDATE device_credential SET revoked_at = ?, revoked_why = ? WHERE device_id = ? AND revoked_at IS NULL",
        (tx.now, why, device_id),
    )


def _redeem(tx: WriteTransaction, request: EnrollRequest) -> tuple[Row, bytes | None]:
    """The user a code admits a device for, and the device it admitted before to the same public key."""
    found = tx.session.first(
        "SELECT user_id, expires_at, used_at, device_id FROM enrollment_code WHERE code_hash = ?",
        (_code_hash(request.code),),
    )
    user = tx.row("user", found[0]) if found else None
    if found is None or user is None or not user["active"] or user["archived"]:
        raise KnownError(Code.LINK_INVALID, "This link is not valid here. Ask your admin for a new one.")
    _, expires_at, used_at, device_id = found
    if used_at is not None and not _same_key(tx, device_id, request.public_key):
        raise KnownError(Code.LINK_USED, "This link was used already. Ask your admin for a new one.")
    if tx.now > expires_at:
        raise KnownError(Code.LINK_EXPIRED, "This link has expired. Ask your admin for a new one.")
    return user, device_id


def _check_meant(request: EnrollRequest, server_id: bytes, user_id: bytes) -> None:
    """A profile that enrols again names whose work it holds; a link for anybody else must not be used up."""
    if request.server_id and request.server_id != server_id:
        sentence = (
            "This link is of another company's server than the data on this laptop. Nothing was changed."
        )
        raise KnownError(Code.DIFFERENT_SERVER, sentence)
    if request.user_id and request.user_id != user_id:
        sentence = "This link is for somebody else than the person whose data this profile holds. Nothing was changed."
        raise KnownError(Code.OTHER_USER, sentence)


def _check_unlocked(tx: WriteTransaction, former_id: bytes, user: Row) -> None:
    """A lock is not walked round by a new link, nor by a restore of a backup that does not know the device."""
    former = tx.row("device", former_id) if len(former_id) == 16 else None
    if former is None:
        if not is_locked_unknown(tx, former_id, str(user["login"])):
            return
    elif former["user_id"] != user["id"] or is_withdrawn(tx, former) or not is_locked(tx, former):
        return
    sentence = (
        "This laptop is locked; ask your admin to unlock it. Nothing was changed; this link stays good."
    )
    raise KnownError(Code.DEVICE_LOCKED, sentence)


def _same_key(tx: WriteTransaction, device_id: bytes, public_key: bytes) -> bool:
    sql = "SELECT public_key FROM device_credential WHERE device_id = ? AND revoked_at IS NULL"
    found = tx.session.first(sql, (device_id,))
    return found is not None and bool(public_key) and hmac.compare_digest(bytes(found[0]), public_key)


def _new_device(tx: WriteTransaction, user: Row) -> Row:
    row: Row = {field.name: field.default for field in CATALOGUE["device"].columns}
    prefix = f"D{tx.next_number('device')}"
    row.update(id=tx.new_id(), created_at=tx.now, user_id=user["id"], state="active", number_prefix=prefix)
    return row


def _described(request: EnrollRequest) -> Row:
    """What the device says of itself, within the limits of the catalogue."""
    entity = CATALOGUE["device"]
    said = {"name": request.device_name, "os": request.os, "app_version": request.app_version}
    return {name: check_value(entity, entity.field(name), value) for name, value in said.items()}


def _give_token(tx: WriteTransaction, randomness: Randomness, device: Row, public_key: bytes) -> str:
    prefix = base64.b32encode(randomness(5)).decode()
    secret = base64.urlsafe_b64encode(randomness(32)).decode().rstrip("=")
    token = f"frd_{prefix}_{secret}"
    tx.session.run(
        "INSERT INTO device_credential (device_id, user_id, token_prefix, token_hash, public_key, made_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device_id) DO UPDATE SET token_prefix = excluded.token_prefix, "
        "token_hash = excluded.token_hash, made_at = excluded.made_at",
        (device["id"], device["user_id"], prefix, _token_hash(token), public_key, tx.now),
    )
    return token


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(code.upper().translate(_LOOKALIKES).encode(errors="replace")).digest()


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _id(row: Row) -> bytes:
    row_id = row["id"]
    assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
    return row_id
