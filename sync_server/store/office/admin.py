"""Acts of administration: people, territories, who covers what, accounts that move, devices. The command line calls it.

Each is one small function on an open write transaction, audited with it; what scope follows is settled at its commit.
Must not print, and knows no command line.
"""

from __future__ import annotations

import re

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId, id_text, parse_id
from fieldrep.domain.days import day_of, zone_named
from fieldrep.domain.parents import makes_circle
from sync_server.store.devices.credentials import revoke
from sync_server.store.devices.known_before import former_id
from sync_server.store.devices.standing import is_withdrawn
from sync_server.store.office import covering
from sync_server.store.office.acts import add_row, change_row, id_of
from sync_server.store.reading import Reader
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

_DEVICE_COLUMNS = (
    "login",
    "name",
    "os",
    "app_version",
    "state",
    "number_prefix",
    "revoked_at",
    "revoked_why",
    "seen_at",
    "revision",
    "highest_n",
    "clock_skew_ms",
    "repaired_at",
    "copied_at",
    "wipe",
    "wiped_at",
    "destroyed",
)


_LOGIN = re.compile(r"[^\W_][\w.@+-]{0,79}")


def user_named(reader: Reader, login: str) -> Row:
    """The user with that login.

    Raises:
        KnownError: `not_found`.
    """
    found = reader.find("user", "login", login)
    if not found:
        raise KnownError(
            Code.NOT_FOUND, f"There is no user “{login[:80]}”. List them with fieldrep-server user list."
        )
    return found[0]


def territory_named(reader: Reader, code: str) -> Row:
    """The territory with that code, or, when none has it, the one with that name.

    Raises:
        KnownError: `not_found`, also when several have the name.
    """
    for field in ("code", "name"):
        found = [row for row in reader.find("territory", field, code) if not row["archived"]]
        if len(found) == 1:
            return found[0]
        if found:
            raise KnownError(
                Code.NOT_FOUND,
                f"{len(found)} territories are called “{code[:80]}”. Name the one by its code.",
            )
    raise KnownError(
        Code.NOT_FOUND, f"There is no territory “{code[:80]}”. List them with fieldrep-server territory list."
    )


def account_named(reader: Reader, account: str) -> Row:
    """The account with that number, ERP reference or id.

    Raises:
        KnownError: `not_found`.
    """
    for field in ("number", "erp_ref"):
        found = reader.find("account", field, account)
        if len(found) == 1:
            return found[0]
    try:
        row = reader.row("account", parse_id(account))
    except ValueError:
        row = None
    if row is None:
        raise KnownError(
            Code.NOT_FOUND,
            f"There is no account “{account[:80]}”. Name it by its number, its ERP reference or its id.",
        )
    return row


def add_user(
    tx: WriteTransaction,
    *,
    login: str,
    name: str,
    role: str,
    email: str | None = None,
    manager_login: str | None = None,
    zone: str | None = None,
) -> RowId:
    """Adds a user; one whom a restored store does not know goes on under the id that laptops know.

    Raises:
        KnownError: `already_exists`, `not_found` for the manager, or what is wrong with a value.
    """
    if not _LOGIN.fullmatch(login):
        typed = ascii(login[:80])[1:-1]
        sentence = f"“{typed}” cannot be a login; use letters, digits and . _ - + @, such as anke.visser."
        raise KnownError(Code.INVALID_VALUE, sentence, field="login")
    if any(str(user["login"]).casefold() == login.casefold() for user in tx.all("user")):
        raise KnownError(Code.ALREADY_EXISTS, f"There is a user “{login[:80]}” already.", field="login")
    manager = user_named(tx, manager_login)["id"] if manager_login else None
    values: dict[str, Value] = {
        "login": login,
        "name": name,
        "role": role,
        "email": email,
        "manager_id": manager,
        "tz": zone,
    }
    return add_row(tx, "user", values, "add_user", former_id(tx, login))


def disable_user(tx: WriteTransaction, login: str) -> None:
    """Makes a user inactive: he holds nothing any more, and his devices are withdrawn."""
    user = user_named(tx, login)
    if not user["active"]:
        raise KnownError(Code.NOTHING_TO_CHANGE, f"“{login[:80]}” is disabled already.")
    for device in tx.find("device", "user_id", user["id"]):
        if not is_withdrawn(tx, device):
            revoke(tx, id_of(device), "the user was disabled")
    change_row(tx, "user", user, {"active": 0}, "disable_user")


def enable_user(tx: WriteTransaction, login: str) -> None:
    """Makes a disabled user active again; what he may hold follows from his assignments as before."""
    user = user_named(tx, login)
    if user["active"]:
        raise KnownError(Code.NOTHING_TO_CHANGE, f"“{login[:80]}” is not disabled.")
    change_row(tx, "user", user, {"active": 1}, "enable_user")


def set_role(tx: WriteTransaction, *, login: str, role: str) -> None:
    """Gives a user another role.

    Raises:
        KnownError: `nothing_to_change`, `not_found`.
    """
    user = user_named(tx, login)
    if user["role"] == role:
        raise KnownError(Code.NOTHING_TO_CHANGE, f"“{login[:80]}” is {role} already.")
    change_row(tx, "user", user, {"role": role}, "change_role")


def set_manager(tx: WriteTransaction, *, login: str, manager_login: str | None) -> None:
    """Puts a user under another manager, or under nobody.

    Raises:
        KnownError: `nothing_to_change`, `not_found`, `invalid_value` for somebody who would be his own manager.
    """
    user = user_named(tx, login)
    manager = user_named(tx, manager_login)["id"] if manager_login else None
    if user["manager_id"] == manager:
        raise KnownError(Code.NOTHING_TO_CHANGE, f"“{login[:80]}” reports there already.")
    if makes_circle(id_of(user), manager, lambda above: (tx.row("user", above) or {}).get("manager_id")):
        sentence = f"“{manager_login}” reports to “{login[:80]}”, directly or through others."
        raise KnownError(
            Code.INVALID_VALUE, f"{sentence} Put that person elsewhere first.", field="manager_id"
        )
    change_row(tx, "user", user, {"manager_id": manager}, "change_manager")


def set_zone(tx: WriteTransaction, *, login: str, zone: str | None) -> None:
    """Says in which time zone a user's days are; None for that of his laptop.

    Raises:
        KnownError: `nothing_to_change`, `not_found`, `invalid_value` for what is no zone.
    """
    user = user_named(tx, login)
    if user["tz"] == zone:
        raise KnownError(Code.NOTHING_TO_CHANGE, f"“{login[:80]}” has that time zone already.")
    change_row(tx, "user", user, {"tz": zone}, "change_zone")


def active_user(reader: Reader, login: str) -> Row:
    """The user of that login, who must not be disabled.

    Raises:
        KnownError: `not_found`, `read_only`.
    """
    user = user_named(reader, login)
    if not user["active"]:
        sentence = f"“{login[:80]}” is disabled; fieldrep-server user enable {login[:80]} lets them back in."
        raise KnownError(Code.READ_ONLY, sentence)
    return user


def add_territory(
    tx: WriteTransaction, *, code: str, name: str, parent_code: str | None = None, kind: str = "sales"
) -> RowId:
    """Adds a territory, as part of another one or on its own."""
    if tx.find("territory", "code", code):
        raise KnownError(Code.ALREADY_EXISTS, f"There is a territory “{code[:60]}” already.", field="code")
    parent = territory_named(tx, parent_code) if parent_code else None
    path = f"{parent['path']!s}/{code}" if parent and parent["path"] else code
    values: dict[str, Value] = {
        "code": code,
        "name": name,
        "kind": kind,
        "path": path,
        "parent_id": parent["id"] if parent else None,
    }
    return add_row(tx, "territory", values, "add_territory")


def assign(
    tx: WriteTransaction,
    *,
    login: str,
    territory_code: str,
    kind: str = "primary",
    valid_from: str | None = None,
    valid_to: str | None = None,
    reason: str | None = None,
) -> RowId:
    """Lets a user cover a territory and its subtree, between two days or for good.

    A cover of the same kind that runs gets these days in place of its own.

    Raises:
        KnownError: `nothing_to_change`, when he does so already, or what is wrong with a value.
    """
    if valid_from and valid_to and valid_to < valid_from:
        raise KnownError(Code.INVALID_VALUE, f"It would end on {valid_to}, before it begins on {valid_from}.")
    user, territory = user_named(tx, login), territory_named(tx, territory_code)
    values: dict[str, Value] = {
        "user_id": user["id"],
        "territory_id": territory["id"],
        "kind": kind,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    today = today_of(tx, user)
    same = [row for row in covers(tx, user, territory) if row["kind"] == kind]
    former = covering.superseded(same, valid_from, valid_to, today)
    if former:
        values["valid_from"], values["valid_to"] = covering.term(former, valid_from, valid_to, today)
    if (
        any(all(row[name] == value for name, value in values.items()) for row in former or same)
        and not former[1:]
    ):
        sentence = f"“{login[:80]}” covers {territory['name']!s} already."
        raise KnownError(Code.NOTHING_TO_CHANGE, sentence)
    if reason is not None or not former:
        values["reason"] = reason
    for row in former[1:]:
        change_row(tx, "territory_assignment", row, {"archived": 1}, "assign_territory")
    if former:
        return id_of(change_row(tx, "territory_assignment", former[0], values, "assign_territory"))
    return add_row(tx, "territory_assignment", values, "assign_territory")


def covers(reader: Reader, user: Row, territory: Row) -> list[Row]:
    """All assignments of a user to a territory, whatever their days."""
    found = reader.find("territory_assignment", "user_id", user["id"])
    return [row for row in found if row["territory_id"] == territory["id"] and not row["archived"]]


def today_of(tx: WriteTransaction, user: Row) -> str:
    """The day it is for a user."""
    return day_of(tx.now, zone_named(str(user["tz"] or "UTC"))).isoformat()


def unassign(tx: WriteTransaction, *, login: str, territory_code: str) -> int:
    """Ends all of a user's assignments to a territory; gives how many there were.

    Raises:
        KnownError: `nothing_to_change`, when there was none.
    """
    user, territory = user_named(tx, login), territory_named(tx, territory_code)
    found = covers(tx, user, territory)
    if not found:
        raise KnownError(
            Code.NOTHING_TO_CHANGE,
            f"“{login[:80]}” is not assigned to {territory['name']!s}.",
        )
    for row in found:
        change_row(tx, "territory_assignment", row, {"archived": 1}, "unassign_territory")
    return len(found)


def move_account(
    tx: WriteTransaction, *, account: str, owner_login: str | None = None, territory_code: str | None = None
) -> Row:
    """Gives an account another owner, another territory or both; gives the account as it now is."""
    row = account_named(tx, account)
    if row["merged_into_id"] is not None:
        sentence = f"{row['name']!s} is merged into another account. Move that one, or undo the merge first."
        raise KnownError(Code.READ_ONLY, sentence)
    values: dict[str, Value] = {}
    if owner_login:
        values["owner_user_id"] = user_named(tx, owner_login)["id"]
    if territory_code:
        values["territory_id"] = territory_named(tx, territory_code)["id"]
    if all(row[name] == value for name, value in values.items()):
        raise KnownError(Code.NOTHING_TO_CHANGE, f"{row['name']!s} is there already; nothing was moved.")
    return change_row(tx, "account", row, values, "move_account")


def devices(reader: Reader, login: str | None = None) -> list[dict[str, str | int | bool | None]]:
    """The devices of a user or of all, with what each last told of itself; for showing.

    Raises:
        KnownError: `not_found` for the user.
    """
    if login is not None:
        user_named(reader, login)
    sql = (
        "SELECT d.id, u.login, d.name, d.os, d.app_version, d.state, d.number_prefix, c.revoked_at, c.revoked_why, "
        "k.seen_at, k.revision, k.highest_n, k.clock_skew_ms, r.repaired_at, r.copied_at, "
        "w.manner, w.wiped_at, w.destroyed "
        "FROM device AS d JOIN app_user AS u ON u.id = d.user_id "
        "LEFT JOIN device_credential AS c ON c.device_id = d.id "
        "LEFT JOIN device_contact AS k ON k.device_id = d.id "
        "LEFT JOIN device_wipe AS w ON w.device_id = d.id "
        "LEFT JOIN (SELECT device_id, max(CASE action WHEN 'repair_rows' THEN at END) AS repaired_at, "
        "max(CASE action WHEN 'notice_copy' THEN at END) AS copied_at FROM audit_entry "
        "WHERE action IN ('repair_rows', 'notice_copy') GROUP BY device_id) AS r ON r.device_id = d.id "
        "WHERE (? = 1 OR u.login = ?) ORDER BY u.login, d.id"
    )
    return [
        {"id": id_text(device_id), **dict(zip(_DEVICE_COLUMNS, rest, strict=True))}
        for device_id, *rest in reader.rows(sql, (int(login is None), login or ""))
    ]
