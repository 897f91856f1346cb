"""The verbs that tell what happened on a laptop: `history` and `diagnostics`."""

from __future__ import annotations

import json
from pathlib import Path

from fieldrep import __version__
from fieldrep.paths import Profile
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.incoming.receipts import KeptReceipt, Way, keep
from fieldrep.store.replica import Replica
from tests.helpers.small_company import KEY, NOW, Counting, Ticking
from tests.unit.conftest import Shell


def test_diagnostics_are_one_file_of_figures_or_printed(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "diagnostics.json"
    told = shell("diagnostics", str(file))
    assert (told.code, told.err) == (0, "")
    assert "nothing that anybody typed" in told.out
    written, printed = json.loads(file.read_bytes()), shell("diagnostics", "-").json
    assert written["versions"] == printed["versions"]
    assert written["versions"]["fieldrep"] == __version__
    assert dict(written["storage"]["kinds"])["Accounts"] == 3
    assert shell("diagnostics", str(file), "--json").json == {"ok": True, "file": str(file)}
    nowhere = shell("diagnostics", str(tmp_path / "no folder" / "x.json"))
    assert (nowhere.code, nowhere.out) == (1, "")
    assert "cannot be written" in nowhere.err


def test_the_history_says_what_the_last_syncs_did(shell: Shell, profile: Path) -> None:
    assert shell("history").out == "No sync yet had anything to do.\n"
    laptop = Replica.open(Profile(profile), KEY, Ticking(), Counting())
    with laptop as replica, replica.write() as connection:
        done, failed = Receipt(accepted=2, sentence="2 sent."), Receipt(sentence="No.")
        keep(connection, KeptReceipt(None, NOW, Way.LINE, "", done, ((1, 2),)))
        keep(connection, KeptReceipt(None, NOW, Way.STICK, "certificate", failed, ()))
    lines = shell("history").out.splitlines()
    assert [line.split()[1:3] for line in lines] == [["stick", "certificate"], ["line", "done"]]
    assert lines[1].startswith("2026-11-20T08:47:00+00:00")
    assert lines[1].endswith("2 sent.")
    newest, first = map(json.loads, shell("history", "--json").out.splitlines())
    assert (newest["code"], first["changes"], first["receipt"]["accepted"]) == ("certificate", [[1, 2]], 2)
