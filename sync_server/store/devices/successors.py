"""Which device goes on for another of the same person: enrolled again from it, or hinting so by its name and its time.

Must not know what either had to give back.
"""

from __future__ import annotations

from sync_server.store.reading import Reader


def successor_of(reader: Reader, device_id: bytes, restored_at: int) -> bytes | None:
    """The device that goes on for one that is withdrawn: enrolled again from it, or following it."""
    found = reader.session.first("SELECT device_id FROM device_former WHERE former_id = ?", (device_id,))
    return bytes(found[0]) if found else following(reader, device_id, restored_at)


def following(reader: Reader, device_id: bytes, restored_at: int) -> bytes | None:
    """The device that may have taken the place of one, None when nothing hints at it.

    One set aside leaves no trace but the same person's device of the same name, admitted after it was last here, and
    itself here since the restore; but laptops made from one image have one name, too, and only who withdraws it knows.
    One enrolled from its profile may be a copy: the first then lives on.
    """
    found = reader.session.first(_FOLLOWING, (device_id, restored_at, restored_at))
    return bytes(found[0]) if found else None


_FOLLOWING = (
    "SELECT e.id FROM device AS d JOIN device AS e ON e.user_id = d.user_id AND e.name = d.name AND e.os = d.os "
    "AND e.id <> d.id JOIN device_credential AS c ON c.device_id = e.id AND c.revoked_at IS NULL "
    "JOIN device_credential AS o ON o.device_id = d.id LEFT JOIN device_contact AS k ON k.device_id = d.id "
    "LEFT JOIN device_contact AS s ON s.device_id = e.id "
    "WHERE d.id = ? AND c.made_at > COALESCE(k.seen_at, o.made_at) AND (c.made_at >= ? OR s.seen_at >= ?) "
    "AND NOT EXISTS (SELECT 1 FROM device_former AS f WHERE f.device_id = e.id AND f.former_id = d.id) "
    "ORDER BY c.made_at DESC LIMIT 1"
)
