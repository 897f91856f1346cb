"""What the people of the demo company did and plan: calls, mails, meetings, notes, promises and tasks."""

from __future__ import annotations

from sync_server.interchange.demo.customers import Customer
from sync_server.interchange.demo.goods import Article
from sync_server.interchange.demo.world import World

PAST = {
    "call": (
        ("Called about {product}", "{given} wants to try {product}; sample with the next delivery."),
        ("Call: order for the weekend", "{given} expects a full house in {town} and orders more than usual."),
        ("Asked about an open invoice", "{given} says the transfer is on its way; check next week."),
        ("Call: prices of next quarter", "Explained the new list. {given} compares with two others."),
        ("Thanked for the large order", "{given} was happy with the delivery before ten."),
        (
            "Late delivery",
            "The lorry came after eleven. Apologised; {given} stays, but this must not happen again.",
        ),
    ),
    "email": (
        ("Price list sent", "Sent the present list with the offer for {product}."),
        ("Offer for the summer terrace", "Offer for {product} and drinks; answer expected within two weeks."),
        ("Certificate sent", "Sent the organic certificate {given} had asked for."),
    ),
    "meeting": (
        ("Tasting", "Tasted {product} with the kitchen. {given} liked it, the price is the question."),
        (
            "Half-year talk",
            "Went through turnover and returns. Wants fewer delivery days and a better price for {product}.",
        ),
        ("Visit without appointment", "{given} was busy; left samples of {product}."),
    ),
    "note": (
        ("Change in the kitchen", "A new chef starts next month and brings his own list of suppliers."),
        ("Second place planned", "{given} looks for rooms for a second place near {town}."),
        ("Competitor", "A competitor was here last week with a lower price for {product}."),
    ),
    "demand_signal": (("Needs more {product}", "About a third more than last year from spring on."),),
    "voice_of_customer": (("Wish: smaller packs", "{given} would buy {product} in smaller packs."),),
}
SHARES = (
    ("call",) * 9 + ("email",) * 4 + ("meeting",) * 4 + ("note",) * 4 + ("demand_signal", "voice_of_customer")
)
PLANNED = (
    ("task", "Send the offer for {product}"),
    ("task", "Check the open invoices with {given}"),
    ("task", "Renew the yearly agreement"),
    ("promise", "Call {given} back about {product}"),
    ("promise", "Bring a sample of {product}"),
    ("meeting", "Tasting with {given}"),
)
TIMES = {"key": (4, 7), "growth": (2, 4), "standard": (1, 2)}
CHANNELS = {"call": "phone", "email": "e-mail", "meeting": "in person"}


def make_activities(world: World, customers: list[Customer], articles: list[Article]) -> None:
    """What happened in the last half year, and for some customers what is to be done."""
    for customer in customers:
        for number in range(world.between(*TIMES[customer.tier])):
            _happened(world, f"{customer.key} {number}", customer, world.pick(articles))
        if world.chance(18):
            _planned(world, f"{customer.key} next", customer, world.pick(articles))


def _happened(world: World, key: str, customer: Customer, article: Article) -> None:
    kind = world.pick(SHARES)
    subject, body = world.pick(PAST[kind])
    contact, given = world.pick(customer.contacts)
    words = {"product": article.name, "given": given, "town": customer.town}
    at = world.moment(world.working_day(-world.between(1, 180)))
    world.make(
        "activity",
        key,
        kind=kind,
        account_id=customer.key,
        contact_id=contact,
        subject=subject.format(**words),
        body=body.format(**words),
        happened_at=at,
        done_at=at,
        assignee_id=customer.owner,
        channel=CHANNELS.get(kind),
    )


def _planned(world: World, key: str, customer: Customer, article: Article) -> None:
    kind, subject = world.pick(PLANNED)
    contact, given = customer.contacts[0]
    due = world.moment(world.working_day(world.between(-6, 21)))
    world.make(
        "activity",
        key,
        kind=kind,
        account_id=customer.key,
        contact_id=contact,
        subject=subject.format(product=article.name, given=given),
        due_at=due,
        assignee_id=customer.owner,
        channel=CHANNELS.get(kind),
    )
