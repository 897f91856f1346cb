"""Who holds what: the rule against a plain reading of it, and the properties scope rests on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fieldrep.domain.holders import Assignment, Coverage, Person

DAY = "2026-06-15"
PEOPLE = [bytes([number]) * 16 for number in range(1, 7)]
LANDS = [bytes([number]) * 16 for number in range(101, 106)]

days = st.none() | st.sampled_from(["2026-06-14", DAY, "2026-06-16"])
people = st.fixed_dictionaries(
    {who: st.builds(Person, st.none() | st.sampled_from(PEOPLE), st.booleans()) for who in PEOPLE}
)
parents = st.fixed_dictionaries({land: st.none() | st.sampled_from(LANDS) for land in LANDS})
assignments = st.lists(
    st.builds(Assignment, st.sampled_from(PEOPLE), st.sampled_from(LANDS), days, days), max_size=8
)
worlds = st.tuples(people, parents, assignments)
someone, somewhere = st.none() | st.sampled_from(PEOPLE), st.none() | st.sampled_from(LANDS)
teams = st.lists(st.sampled_from(PEOPLE), max_size=3)

World = tuple[dict[bytes, Person], dict[bytes, bytes | None], list[Assignment]]


def plain_holders(world: World, owner: bytes | None, land: bytes | None, team: list[bytes]) -> set[bytes]:
    """The rule once more, by repeating until nothing is added."""
    everyone, tree, assigned = world
    lands = {land}
    while more := {tree[one] for one in lands if one in tree} - lands:
        lands |= more
    found: set[bytes | None] = {owner, *team}
    for assignment in assigned:
        begun = assignment.valid_from is None or assignment.valid_from <= DAY
        lasts = assignment.valid_to is None or assignment.valid_to >= DAY
        if assignment.territory_id in lands and begun and lasts:
            found.add(assignment.user_id)
    while more := {everyone[one].manager_id for one in found if one in everyone} - found:
        found |= more
    return {one for one in found if one is not None and one in everyone and everyone[one].active}


@given(world=worlds, owner=someone, land=somewhere, team=teams)
def test_holders_are_owner_team_territory_and_all_their_managers(
    world: World, owner: bytes | None, land: bytes | None, team: list[bytes]
) -> None:
    coverage = Coverage(*world, DAY)
    assert coverage.account_holders(owner, land, team) == plain_holders(world, owner, land, team)
    assert coverage.account_holders(owner, land, team) == plain_holders(world, owner, land, team), "and again"


@given(world=worlds, owner=someone, land=somewhere, team=teams, more=st.sampled_from(PEOPLE))
def test_another_team_member_never_takes_an_account_from_anybody(
    world: World, owner: bytes | None, land: bytes | None, team: list[bytes], more: bytes
) -> None:
    coverage = Coverage(*world, DAY)
    fewer = coverage.account_holders(owner, land, team)
    assert fewer <= coverage.account_holders(owner, land, [*team, more])
    assert coverage.account_holders(owner, land, [*team, more]) == fewer | coverage.upward(more)


@given(world=worlds, owner=someone, land=somewhere)
def test_whoever_is_above_a_holder_holds_as_well(
    world: World, owner: bytes | None, land: bytes | None
) -> None:
    coverage = Coverage(*world, DAY)
    holders = coverage.account_holders(owner, land)
    for holder in holders:
        assert coverage.upward(holder) <= holders


@given(world=worlds, who=st.sampled_from(PEOPLE))
def test_nobody_who_left_holds_anything(world: World, who: bytes) -> None:
    world[0][who] = Person(world[0][who].manager_id, False)
    coverage = Coverage(*world, DAY)
    assert all(who not in coverage.upward(other) for other in PEOPLE)
    assert all(who not in coverage.account_holders(owner, land) for owner in PEOPLE for land in LANDS)


def test_an_inactive_manager_passes_what_his_people_hold_to_his_own_manager() -> None:
    top, middle, rep = PEOPLE[:3]
    everyone = {top: Person(None, True), middle: Person(top, False), rep: Person(middle, True)}
    assert Coverage(everyone, {}, [], DAY).upward(rep) == {top, rep}


def test_an_assignment_holds_on_its_first_and_on_its_last_day() -> None:
    for start, end, holds in (
        (DAY, DAY, True),
        (None, None, True),
        ("2026-06-16", None, False),
        (None, "2026-06-14", False),
        ("", "", True),
    ):
        assert Assignment(PEOPLE[0], LANDS[0], start, end).holds_on(DAY) is holds


def test_a_territory_nobody_knows_is_held_by_nobody() -> None:
    assert (
        Coverage({PEOPLE[0]: Person(None, True)}, {}, [], DAY).account_holders(None, LANDS[0]) == frozenset()
    )
