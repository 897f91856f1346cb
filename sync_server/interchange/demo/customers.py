"""The customers of the demo company: accounts with their sites, contacts and teams."""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.fields import Value
from fieldrep.contract.values import canonical_json
from sync_server.interchange.demo.places import COUNTRIES, REGIONS, STREETS, Region, Town
from sync_server.interchange.demo.team import OFFICE, login_of
from sync_server.interchange.demo.words import (
    DELIVERY_TERMS,
    GIVEN_NAMES,
    NOTES,
    PAYMENT_TERMS,
    ROLES,
    SIGNS,
    SURNAMES,
    TRADES,
)
from sync_server.interchange.demo.world import World, plain

ACCOUNTS = 2_000
LISTS_BY_TRADE = {"hospitality": "HORECA", "retail": "RETAIL", "catering": "WHOLESALE", "care": "CARE"}
VISITS = {"key": (14, 60), "growth": (28, 45), "standard": (56, 30)}


@dataclass(frozen=True, slots=True)
class Customer:
    """What orders and activities need to know of an account."""

    key: str
    owner: str
    lifecycle: str
    tier: str
    price_list: str
    term_days: int
    town: str
    contacts: tuple[tuple[str, str], ...]
    ship_site: str


def make_customers(world: World) -> list[Customer]:
    """All accounts with what belongs to them, spread evenly over the regions."""
    used: set[str] = set()
    customers = [_customer(world, number, REGIONS[number % len(REGIONS)], used) for number in range(ACCOUNTS)]
    _groups(world)
    return customers


def _customer(world: World, number: int, region: Region, used: set[str]) -> Customer:
    town = world.pick(region.towns)
    name, trade = _name(world, region, town, used)
    key = str(10_000 + number)
    lifecycle = (
        "customer"
        if world.chance(78)
        else world.pick(("prospect", "prospect", "prospect", "former", "partner"))
    )
    tier = "key" if world.chance(6) else "growth" if world.chance(24) else "standard"
    terms, days = world.pick(PAYMENT_TERMS)
    owner, price_list = login_of(region.rep), LISTS_BY_TRADE[trade]
    domain = f"{plain(name)[:28]}-{plain(town.name)[:12]}.example"
    _account(
        world,
        key,
        region,
        town,
        domain,
        name=name,
        lifecycle=lifecycle,
        tier=tier,
        payment_terms=terms,
        price_list_id=price_list,
        owner_user_id=owner,
    )
    ship_site = _sites(world, key, name, region, town)
    contacts = _contacts(world, key, region, town, domain)
    if tier == "key":
        member = world.pick(OFFICE)
        world.make("account_team", f"{key} office", account_id=key, user_id=member, team_role="Inside sales")
    return Customer(key, owner, lifecycle, tier, price_list, days, town.name, contacts, ship_site)


def _account(
    world: World, key: str, region: Region, town: Town, domain: str, *, tier: str, **values: Value
) -> None:
    every, minutes = VISITS[tier]
    world.make(
        "account",
        key,
        number=key,
        phone=_phone(world, region, town),
        email=f"info@{domain}",
        website=f"https://www.{domain}" if world.chance(70) else None,
        note=world.pick(NOTES) if world.chance(45) else None,
        tax_id=_tax_id(world, region.country),
        currency="EUR",
        delivery_terms=world.pick(DELIVERY_TERMS),
        territory_id=region.code,
        tier=tier,
        visit_every_days=every,
        visit_minutes=minutes,
        consent=canonical_json({"email": world.chance(60), "phone": world.chance(85)}),
        erp_ref=key,
        **values,
    )


def _name(world: World, region: Region, town: Town, used: set[str]) -> tuple[str, str]:
    """A name that is not taken in its town."""
    while True:
        form, trade = world.pick(TRADES[region.language])
        surname = world.pick(SURNAMES[region.language])
        name = form.format(sign=world.pick(SIGNS[region.language]), name=surname[0].upper() + surname[1:])
        if f"{name} {town.name}" not in used:
            used.add(f"{name} {town.name}")
            return name, trade


def _phone(world: World, region: Region, town: Town) -> str:
    number = world.digits(9 - len(town.dial)) if region.country != "BE" else world.digits(8 - len(town.dial))
    return f"+{COUNTRIES[region.country][2]} {town.dial} {number}"


def _tax_id(world: World, country: str) -> str:
    if country == "NL":
        return f"NL{world.digits(9)}B01"
    return f"BE0{world.digits(9)}" if country == "BE" else f"DE{world.digits(9)}"


def _sites(world: World, key: str, name: str, region: Region, town: Town) -> str:
    """Where bills go and where goods go, mostly the same address; gives the key of the latter."""
    address = _address(world, region, town)
    _site(world, f"{key} bill", key, "bill", name, address)
    elsewhere = world.chance(20)
    _site(world, f"{key} ship", key, "ship", name, _address(world, region, town) if elsewhere else address)
    if world.chance(12):
        other = world.pick(region.towns)
        _site(world, f"{key} ship 2", key, "ship", f"{name}, {other.name}", _address(world, region, other))
    return f"{key} ship"


def _address(world: World, region: Region, town: Town) -> dict[str, Value]:
    post = f"{town.post}{world.digits({'NL': 4, 'BE': 4, 'DE': 5}[region.country] - len(town.post))}"
    if region.country == "NL":
        post += " " + world.pick("ABCDEGHJKLMNPRST") + world.pick("ABCDEGHJKLMNPRST")
    street, number = world.pick(STREETS[region.language]), world.between(1, 240)
    return {
        "street": f"{street} {number}" if region.language != "fr" else f"{street}, {number}",
        "city": town.name,
        "region": region.name,
        "postal_code": post,
        "country": COUNTRIES[region.country][1],
        "lat": town.lat + world.between(-28_000, 28_000),
        "lon": town.lon + world.between(-42_000, 42_000),
    }


def _site(world: World, key: str, account: str, kind: str, name: str, address: dict[str, Value]) -> None:
    ship = kind == "ship"
    world.make(
        "site",
        key,
        account_id=account,
        kind=kind,
        site_name=name,
        **address,
        open_hours=world.pick(("Mo-Fr 07:00-15:00", "Mo-Sa 08:00-17:00", "Tu-Su 10:00-22:00"))
        if ship
        else None,
        access_notes="Ring at the delivery entrance." if ship and world.chance(20) else None,
        erp_ref=key,
    )


def _contacts(
    world: World, account: str, region: Region, town: Town, domain: str
) -> tuple[tuple[str, str], ...]:
    """One to three people; gives their keys and first names, the main contact first."""
    made = []
    for number in range(1, 1 + world.pick((1, 1, 1, 2, 2, 3))):
        given, family = world.pick(GIVEN_NAMES[region.language]), world.pick(SURNAMES[region.language])
        role, title = ROLES[0] if number == 1 and world.chance(70) else world.pick(ROLES)
        key = f"{account}-{number}"
        world.make(
            "contact",
            key,
            account_id=account,
            given_name=given,
            family_name=family,
            job_title=title,
            phone=_phone(world, region, town) if world.chance(40) else None,
            mobile=f"+{COUNTRIES[region.country][2]} 6 {world.digits(8)}" if world.chance(75) else None,
            email=f"{plain(given)}@{domain}" if world.chance(80) else None,
            language=region.language,
            opt_out=int(world.chance(6)),
            erp_ref=key,
        )
        world.make(
            "account_contact",
            key,
            account_id=account,
            contact_id=key,
            role=role,
            is_primary=int(number == 1),
        )
        made.append((key, given))
    return tuple(made)


def _groups(world: World) -> None:
    """A few companies own several places: the first key customers of each region lead their neighbours."""
    accounts = world.records["account"]
    for first in range(len(REGIONS)):
        lead, *rest = accounts[first :: len(REGIONS)][: world.between(4, 7)]
        for member in rest:
            member.values["parent_id"] = lead.row_id
