from __future__ import annotations

import msgspec
import pytest

from suyuan.access.scope import EVERYTHING, Division, Everything, Platform, Publisher, Scope
from suyuan.errors import ErrorKind, SuyuanError

SOME = Scope((Division("33"), Platform("91330000PLATFORM01"), Publisher("91330106MA20000017"), Division("3201")))


def test_a_scope_says_what_its_parts_are():
    assert (SOME.divisions, SOME.platforms, SOME.publishers) == (
        ("33", "3201"),
        ("91330000PLATFORM01",),
        ("91330106MA20000017",),
    )
    assert not SOME.is_everything
    assert EVERYTHING.is_everything
    assert Scope((Platform("P"), Everything())).is_everything
    assert str(SOME) == ("division 33 or platform 91330000PLATFORM01 or publisher 91330106MA20000017 or division 3201")
    assert str(Scope((Division(""),))) == "the whole country"
    assert str(Scope(())) == "nothing"


def test_there_is_no_scope_that_nobody_gave():
    with pytest.raises(TypeError):
        Scope()


@pytest.mark.parametrize("scope", [SOME, EVERYTHING, Scope(())])
def test_a_scope_is_the_same_in_another_process(scope):
    assert msgspec.json.decode(msgspec.json.encode(scope), type=Scope) == scope


@pytest.mark.parametrize("said", ["x", "3301067", "33 ", "３３", "%"])
def test_what_is_no_division_is_told(said):
    with pytest.raises(SuyuanError, match="no division") as caught:
        Division(said)
    assert caught.value.kind is ErrorKind.USAGE


@pytest.mark.parametrize("of", [Platform, Publisher])
@pytest.mark.parametrize("said", ["", " ", "A B", "A" * 65])
def test_what_is_no_code_is_told(of, said):
    with pytest.raises(SuyuanError, match="no code"):
        of(said)
