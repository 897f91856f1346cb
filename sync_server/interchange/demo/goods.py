"""What the demo company sells and for how much: products, units, price lists and stock."""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.fields import MILLIONTH
from sync_server.interchange.demo.assortment import FAMILIES, WAREHOUSES, Family
from sync_server.interchange.demo.world import World, cents, part_of

LISTS = (
    ("WHOLESALE", "Wholesale prices", "wholesale", 100),
    ("HORECA", "Hotels, restaurants and cafés", "hospitality", 96),
    ("RETAIL", "Shops", "retail", 98),
    ("CARE", "Care and canteens", "care", 94),
)
"""Code, name, channel, and the percentage of the wholesale price."""

BREAK_QUANTITY = 10
BREAK_PERCENT = 96


@dataclass(frozen=True, slots=True)
class Article:
    """What orders need to know of a product: its key, name, unit and wholesale price in cents."""

    sku: str
    name: str
    uom: str
    price: int
    family: str

    def price_on(self, code: str, quantity: int) -> int:
        """The price in cents on a list from a quantity on, as `make_goods` enters it."""
        percent = next(percent for name, _, _, percent in LISTS if name == code)
        price = part_of(self.price, percent)
        return part_of(price, BREAK_PERCENT) if quantity >= BREAK_QUANTITY else price


def make_goods(world: World) -> list[Article]:
    """Products, units, price lists with their items, and stock; gives the articles that can be ordered."""
    start = world.today.replace(month=1, day=1).isoformat()
    for code, name, channel, _ in LISTS:
        parent = None if code == LISTS[0][0] else LISTS[0][0]
        world.make(
            "price_list",
            code,
            code=code,
            name=f"{name} {world.today.year}",
            currency="EUR",
            parent_id=parent,
            channel=channel,
            valid_from=start,
        )
    orderable: list[Article] = []
    for family in FAMILIES:
        for number, (name, price) in enumerate(family.articles):
            for pack, (label, factor, weight) in enumerate(family.packs):
                sku = f"{family.code}-{100 + number * 10 + pack}"
                article = Article(sku, f"{name} {label}", family.uom, part_of(price, factor), family.name)
                if _product(world, family, article, weight):
                    orderable.append(article)
                _prices(world, article, start)
                _stock(world, article)
    return orderable


def _product(world: World, family: Family, article: Article, weight: int) -> bool:
    status = "discontinued" if world.chance(3) else "announced" if world.chance(2) else "active"
    world.make(
        "product",
        article.sku,
        sku=article.sku,
        name=article.name,
        description=f"{family.name}, sold by the {family.uom}.",
        family=family.name,
        supplier=world.pick(family.suppliers),
        status=status,
        base_uom=family.uom,
        tax_class=family.tax_class,
        cost_price=cents(part_of(article.price, world.between(61, 79))),
        weight_g=weight,
        erp_ref=article.sku,
    )
    if world.chance(60):
        world.make(
            "product_uom",
            f"{article.sku} pallet",
            product_id=article.sku,
            uom="pallet",
            factor=world.pick((32, 40, 48, 60)) * MILLIONTH,
            barcode=_barcode(world),
            sell_multiple=MILLIONTH,
        )
    return status == "active"


def _barcode(world: World) -> str:
    """An EAN-13 with its check digit, from the range for use within a company."""
    body = "2" + world.digits(11)
    odd_even = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(body))
    return body + str(-odd_even % 10)


def _prices(world: World, article: Article, start: str) -> None:
    for code, _, _, _ in LISTS:
        for quantity in (0, BREAK_QUANTITY):
            world.make(
                "price_list_item",
                f"{code} {article.sku} {quantity}",
                price_list_id=code,
                product_id=article.sku,
                min_qty=quantity * MILLIONTH,
                uom=article.uom,
                price=cents(article.price_on(code, quantity)),
                valid_from=start,
            )


def _stock(world: World, article: Article) -> None:
    as_of = world.last_night()
    for warehouse in WAREHOUSES:
        on_hand = 0 if world.chance(4) else world.between(8, 640)
        reserved = min(on_hand, world.between(0, 60))
        world.make(
            "stock_level",
            f"{warehouse} {article.sku}",
            product_id=article.sku,
            warehouse=warehouse,
            on_hand_qty=on_hand * MILLIONTH,
            reserved_qty=reserved * MILLIONTH,
            atp_qty=(on_hand - reserved) * MILLIONTH,
            on_order_qty=world.between(0, 240) * MILLIONTH if on_hand < 80 else 0,
            reorder_qty=world.pick((24, 48, 96)) * MILLIONTH,
            as_of=as_of,
        )
