"""The store's own keys for files on a stick: made once, kept with it, in its backups as well.

Owns the table `bundle_key`. A store that is restored or moved to another database stays the same end to its devices.
"""

from __future__ import annotations

from fieldrep.contract.bundle import SEED_BYTES, Keys
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Randomness
from sync_server.store.reading import Reader
from sync_server.store.transaction import WriteTransaction

_SEED = "SELECT seed FROM bundle_key WHERE one = 1"


def keys_of_store(tx: WriteTransaction, randomness: Randomness) -> Keys:
    """The keys, made at the first call."""
    found = tx.session.first(_SEED)
    seed = bytes(found[0]) if found else randomness(SEED_BYTES)
    if not found:
        tx.session.run("INSERT INTO bundle_key (one, seed) VALUES (1, ?)", (seed,))
    return Keys(seed)


def known_keys(reader: Reader) -> Keys:
    """The keys of a store that has enrolled a device.

    Raises:
        KnownError: `wrong_bundle`, when it has none: then no file can be for it.
    """
    found = reader.session.first(_SEED)
    if found is None:
        raise KnownError(
            Code.WRONG_BUNDLE, "No device was enrolled here yet, so this file is for another server."
        )
    return Keys(bytes(found[0]))
