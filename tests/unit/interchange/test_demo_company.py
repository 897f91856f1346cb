"""The demo company: the same for the same seed and day, believable, and whole."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Kind
from fieldrep.contract.values import check_value
from sync_server.interchange.columns import DERIVED
from sync_server.interchange.demo.company import make_company, seed_company
from sync_server.interchange.records import Record
from sync_server.store.database import Database

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def company() -> dict[str, list[Record]]:
    return make_company(1, TODAY)


def plain(records: dict[str, list[Record]]) -> list[tuple[bytes, dict[str, object]]]:
    return [(record.row_id, dict(record.values)) for made in records.values() for record in made]


def test_the_same_seed_and_day_give_the_same_company_and_others_another(
    company: dict[str, list[Record]],
) -> None:
    assert plain(make_company(1, TODAY)) == plain(company)
    other = make_company(2, TODAY)
    assert {record.row_id for record in other["account"]}.isdisjoint(r.row_id for r in company["account"])
    assert [r.values["name"] for r in other["account"]] != [r.values["name"] for r in company["account"]]


def test_every_value_is_fit_for_its_field_and_every_reference_leads_somewhere(
    company: dict[str, list[Record]],
) -> None:
    ids = {entity: {record.row_id for record in made} for entity, made in company.items()}
    for made in company.values():
        for record in made:
            derived = DERIVED.get(record.entity.name, {})
            for name, field in record.entity.fields.items():
                if name not in derived:
                    check_value(record.entity, field, record.values.get(name, field.default))
            for name, value in record.values.items():
                target = record.entity.fields[name]
                assert target.kind is not Kind.REF or value is None or value in ids[target.to], (record, name)


def test_it_has_the_size_people_were_promised(company: dict[str, list[Record]]) -> None:
    sizes = {entity: len(made) for entity, made in company.items()}
    assert sizes["account"] == 2_000
    assert 300 <= sizes["product"] <= 320
    assert sizes["contact"] >= 3_000
    assert sizes["sales_order"] >= 2_500
    assert sizes["document_line"] > 3 * sizes["sales_order"]
    assert sizes["activity"] >= 4_000
    assert sum(1 for record in company["ar_document"] if record.values["open_amount"]) > 300
    ids = [record.row_id for made in company.values() for record in made]
    assert len(set(ids)) == len(ids)


def test_its_people_are_there_and_every_rep_reports_to_the_manager(company: dict[str, list[Record]]) -> None:
    people = {record.values["login"]: record for record in company["user"]}
    assert people["anke.visser"].values["role"] == "rep"
    assert people["piet.dewit"].values["role"] == "manager"
    reps = [record for record in people.values() if record.values["role"] == "rep"]
    assert len(reps) == 8
    assert {record.values["manager_id"] for record in reps} == {people["piet.dewit"].row_id}
    owned = Counter(record.values["owner_user_id"] for record in company["account"])
    assert {owned[record.row_id] for record in reps} == {250}


def test_no_name_stands_twice_in_a_town_and_dates_are_relative_to_the_day(
    company: dict[str, list[Record]],
) -> None:
    towns = {record.values["account_id"]: record.values["city"] for record in company["site"]}
    names = Counter((record.values["name"], towns[record.row_id]) for record in company["account"])
    assert names.most_common(1)[0][1] <= 2, "a second ship site may lie in another town"
    days = [str(record.values["ordered_on"]) for record in company["sales_order"]]
    assert (TODAY - timedelta(days=7)).isoformat() < max(days) <= TODAY.isoformat()
    assert min(days) >= (TODAY - timedelta(days=185)).isoformat()


def test_no_figure_of_the_office_is_from_the_future_when_the_day_begins(
    company: dict[str, list[Record]],
) -> None:
    morning = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp() * 1000 - 60 * 60 * 1000
    found = [record.values["as_of"] for name in ("stock_level", "ar_document") for record in company[name]]
    assert max(moment for moment in found if isinstance(moment, int)) < morning


def test_it_goes_into_an_empty_store_once_and_never_among_other_records(store: Database) -> None:
    counts = seed_company(store, 1, TODAY)
    assert counts["account"].created == 2_000
    assert sum(count.rejected for count in counts.values()) == 0
    before = store.info()
    assert seed_company(store, 1, TODAY + timedelta(days=40)) == {}
    with pytest.raises(KnownError, match="holds records already"):
        seed_company(store, 2, TODAY)
    assert store.info() == before
    with store.read() as reader:
        for order in list(reader.all("sales_order"))[:200]:
            lines = reader.find("document_line", "order_id", order["id"])
            assert order["goods_amount"] == sum(int(str(line["line_amount"])) for line in lines) > 0
            assert order["total_amount"] == order["goods_amount"] + order["freight_amount"]  # type: ignore[operator]
