"""The checks of types and shapes see what they should, in functions of every sort."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float64, TypeCheckError

import checked
from wordrel.stats import Scored
from wordrel.stats.intervals import spread

Row, Rows = Float64[np.ndarray, " N"], Float64[np.ndarray, "R N"]
WRONG = (BeartypeCallHintViolation, TypeCheckError)
check = checked.jaxtyped(typechecker=beartype)


@check
def half(number: int) -> int:
    return number // 2 if number else "none"  # type: ignore[return-value]


@check
def scaled(row: Row, rows: Rows) -> Row:
    return row if row[0] else row[1:]


@check
def drawn(row: Row, rows: Rows) -> Iterator[Row]:
    yield from rows


@check
def applied(what: Callable[[Row], Row], row: Row) -> list[Row]:
    return [what(row)]


@check
def later(row: Row) -> "Later":
    return Later(row, [row])


@check
@dataclass
class Later:
    row: Row
    rows: list[Row]


@check
@dataclass
class Named:
    name: str

    @classmethod
    @check
    def of(cls, name: str) -> Any:
        return cls(name)


ONE, TWO = np.ones(1), np.ones(2)


def test_what_is_right_passes() -> None:
    assert half(4) == 2
    assert scaled(TWO, np.ones((3, 2))) is TWO
    assert len([*drawn(TWO, np.ones((3, 2)))]) == 3
    assert applied(lambda row: row, TWO) == [TWO]
    assert later(TWO).row is TWO
    assert Named.of("a") == Named("a")


@pytest.mark.parametrize(
    "call",
    [
        lambda: half("a"),  # type: ignore[arg-type]
        lambda: half(0),
        lambda: scaled(TWO, np.ones((3, 1))),
        lambda: scaled(TWO.astype(np.float32), np.ones((3, 2))),
        lambda: scaled(np.zeros(2), np.ones((3, 2))),  # its result is shorter
        lambda: drawn(TWO, np.ones((3, 1))),
        lambda: applied(lambda row: row[1:], TWO),
        lambda: later(np.ones((1, 1))),
        lambda: Later(TWO, [ONE]),
        lambda: Named(1),  # type: ignore[arg-type]
        lambda: Named.of(1),  # type: ignore[arg-type]
        lambda: spread(np.ones((2, 2))),
        lambda: Scored(seeds=np.ones((1, 1)), influence=ONE, errors=ONE),
        lambda: Scored(seeds=TWO, influence=ONE, errors=ONE),
    ],
)
def test_what_is_wrong_is_seen(call: Callable[[], object]) -> None:
    with pytest.raises(WRONG):
        call()


def test_axes_of_one_call_bind_no_other() -> None:
    @check
    def outer(row: Row) -> int:
        return len(applied(lambda row: row, ONE)) + half(2)

    assert outer(TWO) == 2
