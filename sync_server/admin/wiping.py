"""`fieldrep-server device wipe`: a laptop is to destroy what it holds, at its next contact.

Owns the words of that. Must not decide anything; `store/wiping.py` does.
"""

from __future__ import annotations

import click

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import id_text
from fieldrep.contract.wiping import Manner
from sync_server.admin.cli import as_json_option, device
from sync_server.admin.console import central_store, made_so
from sync_server.admin.naming import device_named, device_words
from sync_server.admin.rehearsal import ACTOR
from sync_server.store.devices.standing import device_of, is_locked
from sync_server.store.devices.wiping import cancel_wipe, order_wipe

_WHERE = "At its next contact, online or by file, it destroys its key and all its data"
_WHEN = (
    "fieldrep-server device list says when it has; a copy of its disk made before is wiped as well once it syncs over "
    "a line"
)
_COPIES = "is wiped already. Copies of it are now wiped at their next contact over a line with all they have."
_OVER_THE_LOCK = "Its lock does not hold back what waits on it: --lost does."
_SENTENCES = {
    Manner.SEND_FIRST: (
        "will be wiped. It gets nothing any more; what waits on it is sent first, over a line as many times "
        f"as that takes. {_WHERE}. {_WHEN}, unless it has something that was never sent: it keeps that for a new link."
    ),
    Manner.AT_ONCE: (
        "is withdrawn and will be wiped: it gets and gives nothing from its next request on. At its next "
        f"contact over a line it destroys its key and all its data, also what it has not sent. {_WHEN}."
    ),
}


@device.command("wipe")
@click.argument("device_name", metavar="DEVICE")
@click.option("--lost", is_flag=True, help="It is lost or stolen: what it has not sent is destroyed too.")
@click.option("--cancel", is_flag=True, help="Takes the order back, while the device has not been there.")
@as_json_option
def device_wipe(device_name: str, lost: bool, cancel: bool, as_json: bool) -> None:
    """Orders DEVICE (id, number prefix or name) to destroy what it holds.

    The device sends what waits on it first, unless it is --lost. Then it destroys the key of its data, the data and its
    settings, and says so; its person is told, and may set it up again with a new link.
    """
    if lost and cancel:
        raise KnownError(Code.WRONG_USAGE, "Give --lost or --cancel, not both.")
    with made_so(as_json=as_json) as answer, central_store() as database, database.write(ACTOR) as tx:
        row_id = device_named(tx, device_name)
        answer.result, which = {"id": id_text(row_id)}, device_words(tx, row_id)
        if cancel:
            state = cancel_wipe(tx, row_id)
            stands = "goes on as before" if state == "active" else f"stays {state}"
            answer.sentence = f"{which} keeps what it holds and {stands}, unless it has been there already."
        else:
            was_wiped = device_of(tx, row_id)["state"] == "wiped"
            order_wipe(tx, row_id, lost=lost)
            told = _COPIES if was_wiped else _SENTENCES[Manner.AT_ONCE if lost else Manner.SEND_FIRST]
            over = "" if lost or not is_locked(tx, device_of(tx, row_id)) else f" {_OVER_THE_LOCK}"
            answer.sentence = f"{which} {told}{over}"
