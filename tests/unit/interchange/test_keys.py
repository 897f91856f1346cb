"""External keys become the same row id for ever, and a run remembers millions of them in little memory."""

from __future__ import annotations

import random
import uuid

import pytest

from fieldrep.contract.ids import id_text
from sync_server.interchange.keys import KeySet, external_id


def test_a_key_becomes_the_same_id_on_every_machine_and_in_every_release() -> None:
    # Golden: another value here would import every record a second time.
    assert id_text(external_id("northwind", "account", "ALFKI")) == "89c753c2-9e3c-560c-b261-0cff079900d2"


def test_source_entity_and_key_all_count_and_the_id_is_a_uuid_of_version_5() -> None:
    ids = {
        external_id(source, entity, key)
        for source in ("a", "b")
        for entity in ("account", "contact")
        for key in ("1", "01", "1 ", "é")
    }
    assert len(ids) == 16
    assert {(uuid.UUID(bytes=row_id).version, uuid.UUID(bytes=row_id).variant) for row_id in ids} == {
        (5, uuid.RFC_4122)
    }


def test_a_key_that_begins_with_id_is_the_row_id_itself() -> None:
    text = "0192f0c1-7a4e-7b3a-9c55-0123456789ab"
    assert id_text(external_id("any", "account", "id:" + text)) == text
    with pytest.raises(ValueError, match="is not a record id"):
        external_id("any", "account", "id:17")


def test_the_set_of_keys_answers_as_a_set_does() -> None:
    dice = random.Random(4)
    ids = [dice.randbytes(16) for _ in range(5_000)]
    met, reference = KeySet(), set[bytes]()
    for row_id in dice.choices(ids, k=9_000):
        assert (row_id in met) == (row_id in reference)
        assert met.add(row_id) == (row_id not in reference)
        reference.add(row_id)
    assert len(met) == len(reference)
    assert all((row_id in met) == (row_id in reference) for row_id in ids)
