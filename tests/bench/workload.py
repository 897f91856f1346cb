"""The workload everything is measured on: W, one rep's rows; E, edits spread over W. The same for the same seed.

Owns what the rows look like and how many there are. A central store holds ten such reps. Must not know a store: rows
are plain dictionaries of the catalogue's columns.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import MILLIONTH, Value

SEED = 20261121
VERSION = 2
"""Counts up when the rows or the indexes become others for the same seed, so that stores are made anew."""

REPS = 10
PRODUCTS = 200
DAY_MS = 86_400_000
MADE_AT = 1_795_000_000_000
"""The instant the store was made, in November 2026."""

Row = dict[str, Value]

_STARTS = (
    *("b", "br", "d", "dr", "f", "fl", "g", "gr", "h", "k", "kl", "l", "m"),
    *("n", "p", "pr", "r", "s", "st", "t", "tr", "v", "w", "z"),
)
_VOWELS = ("a", "e", "i", "o", "u", "aa", "ee", "ei", "ie", "oo", "ou", "ui")
_ENDS = ("", "", "l", "m", "n", "nd", "r", "rk", "rs", "s", "t")


@dataclass(frozen=True, slots=True)
class Size:
    """How much one rep holds: `accounts`, and per account two contacts, three activities, one order of three lines."""

    name: str
    accounts: int
    edits: int

    @property
    def rows(self) -> int:
        """Rows of one rep that are not everybody's."""
        return self.accounts * 10


SIZES = {
    "full": Size("full", 10_000, 1_000),
    "small": Size("small", 500, 50),
    "crowd": Size("crowd", 100, 20),
    "tiny": Size("tiny", 40, 20),
}


class Workload:
    """Makes the rows of one size. Every part has its own random source, so that parts can be made apart."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._defaults = {
            name: {field.name: field.default for field in entity.columns}
            for name, entity in CATALOGUE.items()
        }

    @cached_property
    def words(self) -> list[str]:
        """A vocabulary of made-up words, the frequent ones first as in real text."""
        source = random.Random(SEED)
        made: dict[str, None] = {}
        while len(made) < 4_000:
            parts = source.choices((1, 2, 3), (2, 5, 3))[0]
            made["".join(self._syllable(source) for _ in range(parts))] = None
        return list(made)

    @staticmethod
    def _syllable(source: random.Random) -> str:
        return source.choice(_STARTS) + source.choice(_VOWELS) + source.choice(_ENDS)

    def rep_id(self, rep: int) -> bytes:
        """The id of a rep's user."""
        return self._id("user", rep)

    @staticmethod
    def login(rep: int) -> str:
        """What a rep is called."""
        return f"rep{rep}"

    def shared(self) -> Iterator[tuple[str, list[Row]]]:
        """What everybody holds: the reps, a price list and products."""
        source = random.Random(f"{SEED}/shared")
        yield (
            "user",
            [
                self._row(
                    "user", self.rep_id(rep), login=self.login(rep), name=self._name(source), role="rep"
                )
                for rep in range(REPS)
            ],
        )
        yield (
            "product",
            [
                self._row(
                    "product",
                    self._id("product", n),
                    sku=f"SKU-{n:05d}",
                    name=self._title(source, 3),
                    description=self._text(source, 100),
                    family=self._title(source, 1),
                    cost_price=source.randrange(1, 500) * MILLIONTH,
                )
                for n in range(PRODUCTS)
            ],
        )
        yield (
            "price_list",
            [self._row("price_list", self._id("list", 0), code="STD", name="Standard", currency="EUR")],
        )

    def of_rep(self, rep: int) -> Iterator[tuple[str, Iterator[Row]]]:
        """W of one rep, parents before children."""
        yield "account", self._accounts(rep)
        yield "contact", self._contacts(rep)
        yield "sales_order", self._orders(rep)
        yield "document_line", self._lines(rep)
        yield "activity", self._activities(rep)

    def _accounts(self, rep: int) -> Iterator[Row]:
        source = random.Random(f"{SEED}/account/{rep}")
        for n in range(self.size.accounts):
            name = self._title(source, 2)
            yield self._row(
                "account",
                self._id("account", rep, n),
                name=f"{name} {source.choice(('BV', 'NV', 'GmbH', 'Ltd', 'SA'))}",
                number=f"C{rep}{n:06d}",
                phone=self._phone(source),
                email=f"info@{name.split()[0].lower()}.example",
                website=f"https://www.{name.split()[0].lower()}.example",
                note=self._text(source, 120),
                lifecycle=source.choice(("customer", "customer", "prospect")),
                tier=source.choice(("key", "growth", "standard", "standard")),
                tax_id=f"NL{source.randrange(10**9):09d}B01",
                payment_terms="30 days net",
                price_list_id=self._id("list", 0),
                owner_user_id=self.rep_id(rep),
                visit_every_days=source.choice((14, 28, 56)),
                erp_ref=f"ERP-{rep}-{n}",
            )

    def _contacts(self, rep: int) -> Iterator[Row]:
        source = random.Random(f"{SEED}/contact/{rep}")
        for n in range(self.size.accounts * 2):
            given, family = self._title(source, 1), self._title(source, 1)
            yield self._row(
                "contact",
                self._id("contact", rep, n),
                account_id=self._id("account", rep, n // 2),
                given_name=given,
                family_name=family,
                job_title=source.choice(("Buyer", "Owner", "Chef", "Warehouse manager", "Accounts payable")),
                phone=self._phone(source),
                mobile=self._phone(source),
                email=f"{given}.{family}@example.com".lower(),
            )

    def _activities(self, rep: int) -> Iterator[Row]:
        source = random.Random(f"{SEED}/activity/{rep}")
        for n in range(self.size.accounts * 3):
            yield self._row(
                "activity",
                self._id("activity", rep, n),
                kind=source.choice(("note", "call", "meeting", "email")),
                account_id=self._id("account", rep, n // 3),
                contact_id=self._id("contact", rep, n // 3 * 2),
                subject=self._title(source, 4),
                body=self._text(source, 200),
                happened_at=MADE_AT - source.randrange(400 * DAY_MS),
                assignee_id=self.rep_id(rep),
            )

    def _orders(self, rep: int) -> Iterator[Row]:
        source = random.Random(f"{SEED}/order/{rep}")
        for n in range(self.size.accounts):
            amount = source.randrange(1_000, 500_000)
            yield self._row(
                "sales_order",
                self._id("order", rep, n),
                account_id=self._id("account", rep, n),
                number_local=f"D{rep}-{n:06d}",
                number_official=f"{rep}{n:06d}",
                po_ref=f"PO {source.randrange(10**6)}",
                note=self._text(source, 60),
                ordered_on=f"2026-{source.randrange(1, 12):02d}-{source.randrange(1, 28):02d}",
                status="confirmed",
                currency="EUR",
                goods_amount=amount,
                tax_amount=amount // 5,
                total_amount=amount + amount // 5,
                sales_rep_id=self.rep_id(rep),
            )

    def _lines(self, rep: int) -> Iterator[Row]:
        source = random.Random(f"{SEED}/line/{rep}")
        for n in range(self.size.accounts * 3):
            price, qty = source.randrange(1, 900) * MILLIONTH // 10, source.randrange(1, 40) * MILLIONTH
            product = source.randrange(PRODUCTS)
            yield self._row(
                "document_line",
                self._id("line", rep, n),
                order_id=self._id("order", rep, n // 3),
                account_id=self._id("account", rep, n // 3),
                seq=n % 3 + 1,
                product_id=self._id("product", product),
                description=f"{self.words[product]} {self.words[product * 7]}",
                qty=qty,
                uom="pc",
                list_price=price,
                unit_price=price,
                line_amount=price * qty // MILLIONTH // 10_000,
            )

    def edits(self, rep: int, round_: int) -> list[tuple[str, bytes, Row]]:
        """E: single-field edits spread over a rep's accounts, contacts and activities."""
        source = random.Random(f"{SEED}/edit/{rep}/{round_}")
        share, accounts = self.size.edits // 5, self.size.accounts
        chosen: list[tuple[str, bytes, Row]] = [
            ("account", self._id("account", rep, n), {"phone": self._phone(source)})
            for n in source.sample(range(accounts), share)
        ]
        chosen += [
            ("account", self._id("account", rep, n), {"note": self._text(source, 120)})
            for n in source.sample(range(accounts), share)
        ]
        chosen += [
            ("contact", self._id("contact", rep, n), {"mobile": self._phone(source)})
            for n in source.sample(range(accounts * 2), 2 * share)
        ]
        left = self.size.edits - len(chosen)
        chosen += [
            (
                "activity",
                self._id("activity", rep, n),
                {"due_at": MADE_AT + source.randrange(90) * DAY_MS + round_},
            )
            for n in source.sample(range(accounts * 3), left)
        ]
        source.shuffle(chosen)
        return chosen

    def typed(self) -> list[str]:
        """What people type into a search: beginnings of words that are there, of three letters and more, and pairs."""
        source = random.Random(f"{SEED}/typed")
        some = [word for word in self.words if len(word) > 4]
        one = [source.choice(some)[: source.randrange(3, 6)] for _ in range(60)]
        return one + [f"{source.choice(some)[:4]} {source.choice(some)[:3]}" for _ in range(20)]

    def _row(self, entity: str, row_id: bytes, **values: Value) -> Row:
        return {
            **self._defaults[entity],
            "id": row_id,
            "created_at": MADE_AT,
            "changed_at": MADE_AT,
            **values,
        }

    @staticmethod
    def _id(kind: str, *numbers: int) -> bytes:
        """A UUIDv7 as a company's import would have made it: its time, then what tells it from others."""
        head = (MADE_AT + sum(numbers)).to_bytes(6, "big")
        tail = bytearray(hashlib.blake2b(f"{SEED}/{kind}/{numbers}".encode(), digest_size=10).digest())
        tail[0], tail[2] = tail[0] & 0x0F | 0x70, tail[2] & 0x3F | 0x80
        return head + bytes(tail)

    def _phone(self, source: random.Random) -> str:
        return f"+31 {source.randrange(10, 99)} {source.randrange(10**6, 10**7)}"

    def _name(self, source: random.Random) -> str:
        return self._title(source, 2)

    def _title(self, source: random.Random, count: int) -> str:
        return " ".join(self._word(source).capitalize() for _ in range(count))

    def _word(self, source: random.Random) -> str:
        return self.words[int(source.random() ** 2 * 4_000)]

    def _text(self, source: random.Random, length: int) -> str:
        """Words up to about that many characters."""
        words, at = [], 0
        while at < length:
            word = self._word(source)
            words.append(word)
            at += len(word) + 1
        return " ".join(words)
