"""The scenes of the pictures: which profile, and what a person does before the picture is taken.

A new page or state is one entry of `SCENES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.repairing.repaired import Repaired
from fieldrep.ui.start.enrol import DownloadCard, EnrolAgainCard, EnrolCard
from fieldrep.ui.start.mending import AnewCard, LostKeyCard, MendedCard
from fieldrep.ui.start.unlock import UnlockCard
from fieldrep.ui.widgets.meter import Spark
from sync_server.store.devices.credentials import WITHDRAWN
from tests.helpers.photos import exif, segment
from tests.screens.company import BUSY, CALM, NEW


class Stage(Protocol):
    """The running program: its shell, its gate, and waiting."""

    program: Any

    @property
    def shell(self) -> Any: ...
    @property
    def page(self) -> Any: ...
    def until(self, true: Callable[[], object]) -> None: ...


@dataclass(frozen=True)
class Scene:
    """`show` is given the stage in the profile's window as it opens."""

    name: str
    profile: str
    show: Callable[[Stage], None]


def _rich(stage: Stage) -> None:
    """The account with most to show, found as a person finds it."""
    stage.shell.go("accounts")
    page = stage.page
    page.list.choose_chip("key")
    stage.until(lambda: page.list.model.total() and page.list.model.total() < 100)
    rows = page.list.model.rows()
    best = next((row for row in rows if row.waiting), rows[0])
    page.list.choose_chip("all")
    stage.shell.go("accounts", ("account", best.key))
    stage.until(lambda: page.record.answer and page.record.account_id == best.key)
    stage.until(lambda: page.record.answer.overview.header.id == best.key)
    stage.until(lambda: page.list.current_key() == best.key)
    page.list.view.setFocus()


def _tab(key: str) -> Callable[[Stage], None]:
    def show(stage: Stage) -> None:
        _rich(stage)
        stage.page.record.tabs.open(key)
        body = stage.page.record.tabs.body(key)
        if key == "notes":
            stage.until(lambda: body.standing.text() and body._rows.count() > 1)
        else:
            stage.until(lambda: body.table.grid.rowCount() > 0)

    return show


def _files(stage: Stage) -> None:
    """Three files of the account and one of its contacts, added here and not yet sent."""
    _rich(stage)
    stage.page.record.tabs.open("files")
    body = stage.page.record.tabs.body("files")
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("Shelf at the entrance.png", "Signed terms.pdf")]
        stage.shell.grab().scaledToWidth(640).save(str(paths[0]))
        paths[1].write_bytes(b"%PDF-1.7 " + bytes(84_000))
        body.add(paths)
        stage.until(lambda: body.belongs.count() > 1)
        body.belongs.setCurrentIndex(1)
        wide = Path(folder) / "Delivery door.jpg"
        stage.shell.grab().copy(0, 0, 900, 260).save(str(wide))
        told = segment(0xE1, b"Exif\0\0" + exif())
        wide.write_bytes(told.join((wide.read_bytes()[:2], wide.read_bytes()[2:])))
        body.add([wide])
        stage.until(lambda: body.table.grid.rowCount() > 2 and len(body.strip.photos) > 1)
        stage.until(body.noted.isVisible)


def _files_on_their_way(stage: Stage) -> None:
    _files(stage)
    stage.shell.go("sync", "files")
    stage.until(lambda: stage.page.files.table.grid.rowCount() > 2)


def _file(stage: Stage) -> None:
    _files(stage)
    body = stage.page.record.tabs.body("files")
    grid = body.table.grid
    keys = map(grid.key_at, range(grid.rowCount()))
    body.open_file(next(key for key in keys if body.rows_by_id[key].name.endswith(".png")))
    stage.until(lambda: body.viewer is not None and body.viewer.isVisible())


def _edit(stage: Stage) -> None:
    _rich(stage)
    stage.page.record.edit()
    stage.page.record.editor.form.fields["email"].set_text("purchasing at example")
    stage.page.record.editor.submit()


def _new(stage: Stage) -> None:
    _rich(stage)
    name = stage.page.record.header.name()
    stage.page.record.new_account()
    editor = stage.page.record.editor
    field = editor.form.fields["name"]
    field.control.setText(name.rsplit(" ", 1)[0])
    field.edited.emit(field.text())
    stage.until(editor.duplicate.isVisible)


def _log(stage: Stage) -> None:
    _rich(stage)
    stage.page.record.log_activity()


def _nothing_found(stage: Stage) -> None:
    _rich(stage)
    stage.page.list.search.setText("xyz")
    stage.page.list.search.textEdited.emit("xyz")
    stage.until(lambda: stage.page.list.model.rowCount() == 0)
    stage.page.list.search.setFocus()


def _palette(stage: Stage) -> None:
    _rich(stage)
    stage.shell.say("Task “Send oat range samples” completed", undo=1)
    stage.shell.open_palette()
    stage.shell.palette_layer.input.setText("bak")
    stage.until(lambda: any("Bak" in title for title in stage.shell.palette_layer.titles()))


def _keys(stage: Stage) -> None:
    _rich(stage)
    stage.shell.open_keymap()


def _sync(tab: str) -> Callable[[Stage], None]:
    def show(stage: Stage) -> None:
        stage.shell.go("sync", tab)
        page = stage.page
        stage.until(lambda: page.overview.tiles[2].figure().text())
        if tab in ("conflicts", "refused", "history", "storage"):
            table = page.storage.parts if tab == "storage" else getattr(page, tab).table
            stage.until(lambda: table.grid.rowCount() > 0)

    return show


def _receipt(stage: Stage) -> None:
    _sync("history")(stage)
    history = stage.page.history
    history.open(history.receipts.grid.key_at(0))
    stage.until(lambda: history.one.table.grid.rowCount() > 0)


def _correct(stage: Stage) -> None:
    _sync("refused")(stage)
    stage.page.refused.fix()
    stage.until(lambda: stage.page.editor is not None)


def _handed(stage: Stage) -> None:
    _sync("refused")(stage)
    stage.page.refused.hand_over()
    stage.until(lambda: stage.page.refused._current().handed == "open")


def _conflict_on_record(stage: Stage) -> None:
    stage.shell.go("accounts")
    stage.until(lambda: any("conflict" in row.flag for row in stage.page.list.model.rows()))
    key = next(row.key for row in stage.page.list.model.rows() if "conflict" in row.flag)
    stage.shell.go("accounts", ("account", key))
    stage.until(stage.page.record.conflicts.isVisible)


def _months(stage: Stage) -> None:
    _rich(stage)
    stage.page.record.overview.findChild(Spark, "account_sales_line").click()


def _pair(stage: Stage) -> None:
    _conflict_on_record(stage)
    record = stage.page.record
    record.conflicts.hide()
    stage.until(record.pairs.isVisible)
    record.pairs.unfold()


def _enrol(stage: Stage) -> None:
    stage.until(lambda: isinstance(stage.program.gate.card(), EnrolCard))
    card = stage.program.gate.card()
    card.name.set_text("Anke's laptop")
    card.link.set_text("https://sync.example.com")
    card.refuse("This is not an enrolment link. Paste the whole link your admin sent; it begins with "
                "fieldrep://enroll.", about_link=True)  # fmt: skip


def _protect(stage: Stage) -> None:
    stage.until(lambda: isinstance(stage.program.gate.card(), EnrolCard))
    card = stage.program.gate.card()
    card.name.set_text("Anke's laptop")
    card.link.set_text("fieldrep://enroll?server=https://sync.example.com&code=ABCD-EFGH-JKLM-NPQR")
    card.ask_passphrase()


def _download(stage: Stage) -> None:
    card = DownloadCard("Anke Visser")
    stage.program.entrance.show_card(card)
    card.advance(5_000, 8_266)


def _unlock(stage: Stage) -> None:
    stage.program.entrance.show_card(UnlockCard())


def _again(stage: Stage) -> None:
    stage.program.entrance.show_card(EnrolAgainCard(WITHDRAWN, 3))


def _damaged(stage: Stage) -> None:
    stage.program.entrance.stop_at(KnownError(Code.REPLICA_DAMAGED, "The replica cannot be read."))


def _lost_key(stage: Stage) -> None:
    card = LostKeyCard("Your data is here, but its key file key.json is not. Put it back and try again.")
    stage.program.entrance.show_card(card)
    card.first.setFocus()


def _anew(stage: Stage) -> None:
    stage.program.entrance.show_card(AnewCard())


def _stumbled(stage: Stage) -> None:
    _download(stage)
    stage.program.gate.card().stumble("https://sync.example.com stopped answering. Everything is safe here.")


def _mended(stage: Stage) -> None:
    lost = {12: {"account": 1, "document_line": 2}}
    done = Repaired(kept_as="replica-damaged-20261121-143005.db", changes=3, drafts=1, lost=lost)
    stage.program.entrance.show_card(MendedCard(done.sentence, whole=False))


def _stopped(stage: Stage) -> None:
    sentence = "FieldRep is already open on this profile. Use that window, or close it and try again."
    stage.program.entrance.stop_at(KnownError(Code.ALREADY_OPEN, sentence))


def _orders(stage: Stage) -> None:
    stage.shell.go("orders")
    stage.until(lambda: stage.page.list.model.rowCount() > 0)


def _new_order(stage: Stage) -> None:
    _rich(stage)
    stage.shell.go("orders", ("new", stage.page.record.account_id))
    editor = stage.page.editor
    stage.until(lambda: editor.entry and editor.lines.empty.isVisible() and editor._last)


def _order(stage: Stage) -> None:
    """An order as the day brings it: a discount of one's own, and one line that asks for more than there is."""
    _new_order(stage)
    editor = stage.page.editor
    for at, typed in enumerate(
        ("BAK-100 x 24", "BAK-101 x 12", "BEE-130 x 30", "BAK-110 x 600", "BEE-131 x 4"), start=1
    ):
        editor.fast.setText(typed)
        editor.fast.entered.emit()
        stage.until(lambda at=at: len(editor.entry.lines) == at)
    editor._edit_cell(editor.entry.lines[2].id, "discount", "6")
    stage.until(lambda: editor.entry.lines[2].discount_rate)
    editor.side.head.fields["wanted_on"].set_text("2026-11-26")
    editor.side.head.fields["wanted_on"].edited.emit("2026-11-26")
    editor.save_now()
    stage.until(lambda: editor.entry.head.wanted_on)
    editor.grid.setFocus()
    editor.grid.go(2, "discount")


def _offers(stage: Stage) -> None:
    _order(stage)
    editor = stage.page.editor
    editor.fast.setFocus()
    editor.fast.setText("butter x 12")
    editor.fast.sought.emit("butter x 12")
    stage.until(editor.fast.offers.isVisible)
    editor.fast.offers.view.step(1)


def _submit(stage: Stage) -> None:
    _order(stage)
    stage.page.editor.submit()


def _not_yet(stage: Stage) -> None:
    """Submitted over a cell and a field that were not taken."""
    _order(stage)
    editor = stage.page.editor
    editor.grid.cell_edited.emit(editor.entry.lines[1].id, "qty", "-4")
    stage.until(editor.lines.untaken)
    day = editor.side.head.fields["wanted_on"]
    day.set_text("2026-02-30")
    day.edited.emit("2026-02-30")
    editor.submit()
    stage.until(editor.side.banner.isVisible)


def _wrong_sku(stage: Stage) -> None:
    _order(stage)
    editor = stage.page.editor
    editor.fast.setText("BAK-1o0 x 3")
    editor.fast.entered.emit()
    stage.until(editor.problem.isVisible)


def _sent_order(stage: Stage) -> None:
    _orders(stage)
    stage.page.list.choose_chip("done")
    stage.until(lambda: stage.page.list.model.rows()[0].flag in ("Completed", "Cancelled", "Rejected"))
    stage.page.list.opened.emit(stage.page.list.model.rows()[0].key)
    stage.until(lambda: stage.page.editor.entry and stage.page.editor.entry.lines)


def _products(stage: Stage) -> None:
    _rich(stage)
    stage.shell.go("products")
    page = stage.page
    stage.until(lambda: page.list.model.rowCount() > 0 and page.record.header.name())
    page.list.choose_chip("bought_before")
    stage.until(lambda: page.list.model.total() < 100 and page.record.bought.table.grid.rowCount() > 0)
    page.list.view.setFocus()


SCENES: tuple[Scene, ...] = (
    Scene("accounts", CALM, _rich),
    *(
        Scene(f"accounts-{tab}", CALM, _tab(tab))
        for tab in ("contacts", "orders", "invoices", "notes", "addresses")
    ),
    Scene("accounts-months", CALM, _months),
    Scene("accounts-files", CALM, _files),
    Scene("accounts-file-open", CALM, _file),
    Scene("accounts-edit", CALM, _edit),
    Scene("accounts-log", CALM, _log),
    Scene("accounts-new", CALM, _new),
    Scene("accounts-nothing-found", CALM, _nothing_found),
    Scene("orders", CALM, _orders),
    Scene("orders-new", CALM, _new_order),
    Scene("orders-lines", CALM, _order),
    Scene("orders-offers", CALM, _offers),
    Scene("orders-wrong-sku", CALM, _wrong_sku),
    Scene("orders-submit", CALM, _submit),
    Scene("orders-not-yet", CALM, _not_yet),
    Scene("orders-read-only", CALM, _sent_order),
    Scene("products", CALM, _products),
    Scene("palette", CALM, _palette),
    Scene("keys", CALM, _keys),
    Scene("sync-waiting", CALM, _sync("waiting")),
    Scene("sync-files", CALM, _files_on_their_way),
    Scene("accounts-conflict", BUSY, _conflict_on_record),
    Scene("accounts-pair", BUSY, _pair),
    *(
        Scene(f"sync-{tab}", BUSY, _sync(tab))
        for tab in ("overview", "conflicts", "refused", "duplicates", "proposals", "history", "storage")
    ),
    Scene("sync-receipt", BUSY, _receipt),
    Scene("sync-correct", BUSY, _correct),
    Scene("sync-refused-handed", BUSY, _handed),
    Scene("start-enrol", NEW, _enrol),
    Scene("start-protect", NEW, _protect),
    Scene("start-download", NEW, _download),
    Scene("start-unlock", NEW, _unlock),
    Scene("start-stopped", NEW, _stopped),
    Scene("start-again", NEW, _again),
    Scene("start-damaged", NEW, _damaged),
    Scene("start-mended", NEW, _mended),
    Scene("start-lost-key", NEW, _lost_key),
    Scene("start-anew", NEW, _anew),
    Scene("start-download-paused", NEW, _stumbled),
)
