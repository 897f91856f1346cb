"""Where there is little room: sentences go on in the next line, numbers stay whole, long values keep both ends."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetrics

from fieldrep.ui.style.fonts import metrics
from fieldrep.ui.style.theme import Theme
from fieldrep.ui.widgets.choice import RadioButton
from fieldrep.ui.widgets.linerow import LineRow, LineView
from fieldrep.ui.widgets.text import ElidedFacts
from tests.ui.conftest import Stage

_SIDE = 236


def test_a_sentence_in_the_side_column_goes_on_in_the_next_line(stage: Stage) -> None:
    note = "No price list is in it; ask the office for one, or choose another currency."
    row = LineRow(LineView("user", "Prices in CHF", note), name="row")
    stage(row, _SIDE, 200)
    row.adjustSize()
    row.resize(_SIDE, row.sizeHint().height())
    lines = row.note_lines()
    assert len(lines) >= 2
    assert " ".join(lines) == note
    assert all(metrics("caption").horizontalAdvance(line) <= _SIDE - 36 for line in lines)
    assert row.sizeHint().height() >= metrics("ui").height() + len(lines) * metrics("caption").height()
    row.resize(900, row.height())
    assert row.note_lines() == (note,)


def test_a_phone_number_in_the_side_column_is_never_cut_or_parted(stage: Stage, theme: Theme) -> None:
    row = LineRow(LineView("user", "Horst Kloss", "Accounting Manager · +49 372 035 188"), name="row")
    stage(row, _SIDE, 200)
    for width in (_SIDE, 190):
        row.resize(width, 60)
        assert row.note_lines() == ("Accounting Manager", "+49 372 035 188")
    theme.choose_scale(130)
    row.resize(_SIDE, 60)
    assert row.note_lines()[-1] == "+49 372 035 188"


def test_a_mail_address_wider_than_the_column_is_there_to_its_end(stage: Stage) -> None:
    mail = "purchasing.and.planning@northwind-traders.example"
    row = LineRow(LineView("user", "Horst Kloss", f"Owner · {mail}"), name="row")
    stage(row, _SIDE, 200)
    row.resize(_SIDE, 60)
    assert row.note_lines()[0] == "Owner"
    assert row.note_lines()[1:] == ("purchasing.and.planning", "@northwind-traders.example")
    bare = "purchasinganddepartmentalplanningofficeofnorthwind"
    other = LineRow(LineView("user", "Horst Kloss", bare), name="other")
    other.resize(_SIDE, 60)
    assert len(other.note_lines()) == 2
    assert "".join(other.note_lines()) == bare


def test_a_title_that_is_cut_is_told_in_full_by_the_tooltip(stage: Stage) -> None:
    row = LineRow(LineView("user", "Send the offer for the summer terrace", press="Complete"), name="row")
    stage(row, _SIDE, 60)
    row.resize(_SIDE - 60, 60)
    assert row.toolTip() == "Send the offer for the summer terrace\nComplete"
    row.resize(600, 60)
    assert row.toolTip() == "Complete"


def test_the_head_of_a_record_shortens_its_longest_fact_and_keeps_numbers(stage: Stage) -> None:
    facts = ("TRADH", "Av. Inês de Castro, 414, Sao Paulo", "(11) 555-2167",
             "Anabela Domingues, Sales Representative")  # fmt: skip
    label = ElidedFacts()
    label.set_facts(facts)
    whole = " · ".join(facts)
    assert label.text() == whole
    room = QFontMetrics(label.font()).horizontalAdvance(whole)
    stage(label, room + 4, 24)
    assert (label.shown_text(), label.toolTip()) == (whole, "")
    label.resize(room - 60, 24)
    number, address, phone, person = label.shown_text().split(" · ")
    assert (number, address, phone) == facts[:3]
    assert "…" in person
    assert person.startswith("Anabela")
    assert person.endswith("tative")
    assert label.toolTip() == whole


def test_a_number_reads_from_its_beginning_beside_a_name_that_runs_the_other_way(stage: Stage) -> None:
    label, number = ElidedFacts(), "+49 30 778899"
    stage(label, 500, 24)
    beginnings = []
    for name in ("Bakery", "\u0645\u062e\u0628\u0632"):
        label.set_facts((number, name))
        width = QFontMetrics(label.font()).horizontalAdvance(number)
        beginnings.append(label.grab(QRect(0, 0, width - 2, 24)).toImage())
    assert beginnings[0] == beginnings[1]


def test_a_long_value_behind_a_choice_keeps_both_ends_and_is_whole_in_the_tooltip(stage: Stage) -> None:
    mine = "Ring at gate B, the loading dock is closed until the end of March"
    radio = RadioButton("Keep mine", name="mine")
    stage(radio, 300, 30)
    radio.set_note(mine)
    assert radio.toolTip() == mine
    assert mine in radio.accessibleName()
    assert radio.note().startswith("Ring at")
    assert radio.note().endswith("of March")
    assert len(radio.note()) <= 34
    radio.set_note("short")
    assert radio.note() == "short"
