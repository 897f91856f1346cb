"""The people of the demo company and what they cover: a manager, his reps, the office, and the territory tree."""

from __future__ import annotations

from sync_server.interchange.demo.places import COUNTRIES, REGIONS
from sync_server.interchange.demo.world import World, plain

MANAGER = "piet.dewit"
OFFICE = ("saskia.mulder", "tom.claes")
ROOT = "NWE"
DOMAIN = "noordervers.example"


def login_of(name: str) -> str:
    """The login of a person: first name, a point, and the rest in one word."""
    given, _, family = name.partition(" ")
    return f"{plain(given)}.{plain(family)}"


def make_team(world: World) -> None:
    """Users, territories and assignments."""
    _person(world, MANAGER, "Piet de Wit", "Head of sales", "manager", "nl", None)
    _person(world, OFFICE[0], "Saskia Mulder", "Inside sales", "office", "nl", MANAGER)
    _person(world, OFFICE[1], "Tom Claes", "Customer accounts", "office", "nl", MANAGER)
    world.make("territory", ROOT, name="North-West Europe", code=ROOT, kind="sales")
    for code, (name, _, _) in COUNTRIES.items():
        world.make("territory", code, name=name, code=code, parent_id=ROOT, kind="sales")
    _assign(world, MANAGER, ROOT, "manager")
    for region in REGIONS:
        login = login_of(region.rep)
        title = "Account manager " + region.name
        _person(world, login, region.rep, title, "rep", region.language, MANAGER)
        world.make(
            "territory",
            region.code,
            name=region.name,
            code=region.code,
            parent_id=region.country,
            kind="sales",
        )
        _assign(world, login, region.code, "primary")
    _cover(world)


def _person(
    world: World, login: str, name: str, title: str, role: str, locale: str, manager: str | None
) -> None:
    zone = {"nl": "Europe/Amsterdam", "fr": "Europe/Brussels", "de": "Europe/Berlin"}[locale]
    world.make(
        "user",
        login,
        login=login,
        name=name,
        job_title=title,
        email=f"{login}@{DOMAIN}",
        phone=f"+31 6 {world.digits(8)}",
        role=role,
        manager_id=manager,
        locale=locale,
        tz=zone,
    )


def _assign(world: World, login: str, territory: str, kind: str) -> None:
    start = world.today.replace(month=1, day=1).isoformat()
    world.make(
        "territory_assignment",
        f"{login} {territory}",
        user_id=login,
        territory_id=territory,
        kind=kind,
        valid_from=start,
    )


def _cover(world: World) -> None:
    """One colleague is away soon; the neighbour covers her region for two weeks."""
    away, neighbour = REGIONS[5], REGIONS[4]
    world.make(
        "territory_assignment",
        f"cover {away.code}",
        user_id=login_of(neighbour.rep),
        territory_id=away.code,
        kind="cover",
        valid_from=world.day(10).isoformat(),
        valid_to=world.day(23).isoformat(),
        reason="Holiday of " + away.rep,
    )
