"""A store that is not the one it was: a new epoch, so that devices start over and give back what it lacks.

Owns what that is to the store, whatever put it there: a backup, a standby that was promoted, somebody's hand; and the
table `restoration`. Must not know which of them it was, nor what was read of the store before.
"""

from __future__ import annotations

from fieldrep.contract.ids import ID_BYTES, Randomness
from sync_server.store.series import step_on
from sync_server.store.transaction import WriteTransaction

LOOK_THROUGH = (
    "whoever was withdrawn, locked or disabled since may be admitted again, an order to wipe may be gone, and a lock "
    "or an order to wipe that was taken back may stand again. Look through device list and user list."
)
"""What an admin is told where the store before cannot tell who was shut out."""


def renew(tx: WriteTransaction, randomness: Randomness, *, knew_all: bool, detail: str = "") -> None:
    """Gives the store a new epoch with this transaction.

    Numbers go on behind those that may have been given out, one-time codes are void because nobody knows which were
    used, and what devices had shown of a later state is settled by it.

    Args:
        knew_all: the store before told of everybody who had been known by then.
        detail: for the audit log, what put it there.
    """
    epoch = randomness(ID_BYTES)
    tx.session.run("UPDATE store_info SET epoch = ?, behind = 0 WHERE one = 1", (epoch,))
    tx.session.run(
        "INSERT INTO restoration (epoch, at, revision, knew_all) VALUES (?, ?, ?, ?)",
        (epoch, tx.now, tx.revision_now, int(knew_all)),
    )
    step_on(tx.session)
    tx.session.run("DELETE FROM enrollment_code")
    tx.session.run("DELETE FROM store_behind")
    tx.audit("restore", detail=detail)
