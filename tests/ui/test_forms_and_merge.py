"""Fields, forms and the conflict table: when a check runs, where the sentence shows, and what is decided."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.banner import Banner
from fieldrep.ui.widgets.button import Button
from fieldrep.ui.widgets.choice import RadioButton
from fieldrep.ui.widgets.mergetable import MergeTable
from fieldrep.ui.widgets.mergeview import Decision, MergeRow, Pick
from tests.ui.conftest import Stage
from tests.ui.gallery.conflicts import sample_conflict
from tests.ui.gallery.forms import EditForm


@pytest.fixture
def form(stage: Stage) -> EditForm:
    form = EditForm()
    form.fill({"name": "Elm Deli", "email": "", "kind": "customer", "note": ""})
    stage(form, 600, 560)
    return form


@pytest.fixture
def merge(stage: Stage) -> MergeTable:
    merge = MergeTable(name="conflict")
    merge.set(sample_conflict())
    stage(merge, 1200, 300)
    merge.grid.setFocus()
    return merge


def test_what_happened_is_said_whole_before_who_did_it(stage: Stage) -> None:
    merge = MergeTable(name="conflict")
    title = "Account Aurora Dairy was also changed by Robert King, before it moved here"
    who = "Robert King, 22 November 2026 19:26 · Nancy Davolio, 22 November 2026 20:14"
    merge.set(replace(sample_conflict(), title=title, who=who))
    stage(merge, 860, 300)
    assert (merge._title.shown_text(), merge._who.shown_text() == who) == (title, False)
    assert merge._who.toolTip() == who


def test_a_field_is_checked_when_it_is_left_not_while_typing(qtbot: QtBot, form: EditForm) -> None:
    email = form.fields["email"]
    email.control.setFocus()
    qtbot.keyClicks(email.control, "anke.visser")
    assert email.error() == ""
    qtbot.keyClick(email.control, Qt.Key.Key_Tab)
    assert email.error() == "Write the address as name@company."
    assert email.control.property("invalid") == "true"
    assert email.control.accessibleDescription() == "Invalid: Write the address as name@company."
    email.control.setFocus()
    email.control.setCursorPosition(99)
    qtbot.keyClicks(email.control, "@elm.example")
    assert email.error() == ""


def test_submit_counts_what_is_wrong_and_goes_to_the_first(qtbot: QtBot, form: EditForm) -> None:
    form.fields["name"].set_text("")
    form.fields["email"].set_text("nobody")
    qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    assert form.summary.heading() == "2 entries need a look"
    assert QApplication.focusWidget() is form.fields["name"].control
    assert form.fields["name"].error() == "Enter name."


def test_a_right_form_says_its_values_once_and_names_only_what_changed(qtbot: QtBot, form: EditForm) -> None:
    said: list[dict[str, str]] = []
    form.submitted.connect(said.append)
    form.fields["name"].control.setFocus()
    qtbot.keyClicks(form.fields["name"].control, " West")
    assert form.changed() == {"name": "Elm Deli West"}
    form.submit()
    assert said == [{"name": "Elm Deli West", "email": "", "kind": "customer", "note": ""}]
    assert not form.summary.isVisible()


def test_a_refusal_is_shown_at_its_field_or_in_the_summary(form: EditForm) -> None:
    form.refuse(
        {"name": "This name is taken by account 100 294.", "owner": "Only an admin may change the owner."}
    )
    assert form.fields["name"].error() == "This name is taken by account 100 294."
    assert form.summary.heading() == "One entry needs a look"
    assert form.summary.accessibleName().endswith("Only an admin may change the owner.")
    form.fill({"name": "Elm"})
    assert form.fields["name"].error() == ""
    assert not form.summary.isVisible()


def test_a_required_field_says_so_to_screen_readers(form: EditForm) -> None:
    assert form.fields["name"].control.accessibleName() == "Name, required"


def test_a_banner_that_spoke_before_it_had_a_place_opens_no_window_of_its_own(stage: Stage) -> None:
    banner = Banner(name="early")
    banner.say("Updated by office")
    assert not banner.isVisible()
    stage(banner, 400, 60)
    assert banner.isVisible()


def test_keys_decide_each_clash_and_control_enter_applies(qtbot: QtBot, merge: MergeTable) -> None:
    applied: list[dict[str, Decision]] = []
    merge.applied.connect(applied.append)
    assert merge.undecided() == ["window", "note"]
    qtbot.keyClick(merge.grid, Qt.Key.Key_1)
    qtbot.keyClick(merge.grid, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert applied == []
    qtbot.keyClick(merge.grid, Qt.Key.Key_2)
    qtbot.keyClick(merge.grid, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert applied == [{"window": Decision(Pick.MINE), "note": Decision(Pick.THEIRS)}]


def test_a_typed_result_is_what_was_typed(qtbot: QtBot, merge: MergeTable) -> None:
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    typed = merge.findChild(QLineEdit, "conflict_text")
    assert QApplication.focusWidget() is typed
    qtbot.keyClicks(typed, "07:30 - 1")
    assert merge.decisions()["window"] == Decision(Pick.TYPED, "07:30 - 1")


def test_there_is_room_for_what_is_typed_and_for_every_choice_beside_it(
    qtbot: QtBot, merge: MergeTable
) -> None:
    merge.resize(880, 400)
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    QApplication.processEvents()
    typed = merge.findChild(QLineEdit, "conflict_text")
    assert typed.width() >= 180
    shown = [radio for radio in merge.findChildren(RadioButton) if radio.isVisible()]
    assert [radio.text() for radio in shown if radio.width() < radio.sizeHint().width()] == []
    later = merge.findChild(Button, "conflict_later")
    assert later is not None
    longer = replace(sample_conflict().rows[1], label="Days between visits")
    merge.set(replace(sample_conflict(), rows=(longer,)))
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    QApplication.processEvents()
    assert typed.mapTo(merge, typed.rect().topRight()).x() < later.mapTo(merge, later.rect().topLeft()).x()


def test_texts_can_be_joined_and_others_cannot(qtbot: QtBot, merge: MergeTable) -> None:
    qtbot.keyClick(merge.grid, Qt.Key.Key_4)
    assert merge.decisions()["window"].pick is Pick.OPEN
    qtbot.keyClick(merge.grid, Qt.Key.Key_N)
    qtbot.keyClick(merge.grid, Qt.Key.Key_4)
    assert merge.decisions()["note"] == Decision(Pick.JOINED, "Use loading dock 4\nRing at gate B")


def test_a_field_that_did_not_clash_keeps_its_result(qtbot: QtBot, merge: MergeTable) -> None:
    merge.grid.go(0, "result")
    qtbot.keyClick(merge.grid, Qt.Key.Key_2)
    assert merge.decisions()["phone"] == Decision(Pick.MINE)


def test_decide_later_leaves_everything_as_it_is(qtbot: QtBot, merge: MergeTable) -> None:
    applied: list[object] = []
    merge.applied.connect(applied.append)
    with qtbot.waitSignal(merge.postponed, timeout=1000):
        qtbot.mouseClick(merge._later, Qt.MouseButton.LeftButton)
    assert applied == []


@pytest.mark.parametrize("scale", [100, 130])
def test_a_conflict_of_long_values_fits_beside_the_list(merge: MergeTable, theme: Theme, scale: int) -> None:
    long = "Ring at gate B; the loading dock is closed until March, so drive round the market hall."
    rows = tuple(
        replace(row, mine=long, theirs=long[::-1], mine_note=long, theirs_note=long, joinable=True)
        for row in sample_conflict().rows
    )
    theme.choose_scale(scale)
    merge.set(replace(sample_conflict(), rows=rows, title=f"Account {long} was changed in two places"))
    assert merge.minimumSizeHint().width() <= 880
    merge.resize(880, 400)
    radios = merge.findChildren(RadioButton)
    assert all(long[:20] in radio.accessibleName() for radio in radios[:2]), "what is cut is still said"


def test_what_was_typed_for_one_field_is_not_taken_for_another(qtbot: QtBot, merge: MergeTable) -> None:
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    typed = merge.findChild(QLineEdit, "conflict_text")
    assert typed is not None
    qtbot.keyClicks(typed, "-7")
    qtbot.keyClick(typed, Qt.Key.Key_Return)
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    assert typed.text() == ""
    assert merge.undecided() == ["note"]
    merge.set(replace(sample_conflict(), rows=(MergeRow("other", "Phone", "1", "2", "3"),)))
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    assert merge.decisions()["other"] == Decision(Pick.TYPED, "")


def test_a_box_that_nothing_was_typed_in_decides_nothing(qtbot: QtBot, merge: MergeTable) -> None:
    applied: list[object] = []
    merge.applied.connect(applied.append)
    qtbot.keyClick(merge.grid, Qt.Key.Key_2)
    qtbot.keyClick(merge.grid, Qt.Key.Key_N)
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    qtbot.keyClick(merge.grid, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert applied == []
    assert merge.undecided() == ["note"]


def test_what_was_typed_is_there_again_after_trying_another_choice(qtbot: QtBot, merge: MergeTable) -> None:
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    typed = merge.findChild(QLineEdit, "conflict_text")
    assert typed is not None
    qtbot.keyClicks(typed, "07:30")
    merge.grid.setFocus()
    qtbot.keyClick(merge.grid, Qt.Key.Key_1)
    qtbot.keyClick(merge.grid, Qt.Key.Key_3)
    assert merge.decisions()["window"] == Decision(Pick.TYPED, "07:30")


def test_long_texts_that_clash_can_be_read_whole_before_deciding(qtbot: QtBot, merge: MergeTable) -> None:
    whole = merge.findChild(QWidget, "conflict_whole")
    assert whole is not None
    assert not whole.isVisible()
    note = "Takes part in the town's summer market. " * 12
    merge.set(replace(sample_conflict(), rows=(MergeRow("note", "Note", "Short", note, "Closed"),)))
    assert whole.isVisible()
    assert [box.toPlainText() for box in whole.findChildren(QPlainTextEdit)] == ["Short", note, "Closed"]
    first = whole.findChildren(QPlainTextEdit)[0]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_1)
    assert merge.decisions()["note"].pick is Pick.MINE, "the keys decide from there as well"


def test_one_key_takes_what_was_proposed_for_one_field_and_goes_on_to_the_next(
    qtbot: QtBot, merge: MergeTable
) -> None:
    applied: list[dict[str, Decision]] = []
    merge.applied.connect(applied.append)
    merge.set(replace(sample_conflict(), proposal=True))
    qtbot.keyClick(merge.grid, Qt.Key.Key_T)
    assert (merge.undecided(), applied) == (["note"], []), "nobody said a word about the note"
    qtbot.keyClick(merge.grid, Qt.Key.Key_D)
    assert (merge.undecided(), applied) == ([], [])
    qtbot.keyClick(merge.grid, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert applied == [{"window": Decision(Pick.MINE), "note": Decision(Pick.THEIRS)}]
