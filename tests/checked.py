"""Types are checked at every call, as pytest's --jaxtyping-packages asks, in far less time.

jaxtyping makes three functions of each, binds the arguments of every call, and checks them twice:
that takes more time than most tests. Here beartype checks parameters and result once. Shapes need
jaxtyping's memory of axes: it is kept for functions whose annotations hold arrays.
"""

import dataclasses
import inspect
from collections.abc import Callable
from functools import partial
from types import FunctionType
from typing import Any, get_args, get_type_hints

import jaxtyping
from beartype import beartype

_jaxtyped = jaxtyping.jaxtyped


def holds_arrays(annotation: Any) -> bool:
    """Whether a shape stands anywhere in it, such as in a list of arrays."""
    if isinstance(annotation, list | tuple):  # the parameters of a callable
        return any(map(holds_arrays, annotation))
    if inspect.isclass(annotation) and issubclass(annotation, jaxtyping.AbstractArray):
        return True
    return any(map(holds_arrays, get_args(annotation)))


def checked(function: FunctionType, typechecker: Callable[..., Any]) -> Any:
    """The function with its checks; jaxtyping's own where these need more than the annotations."""
    try:
        shaped = any(map(holds_arrays, get_type_hints(function, include_extras=True).values()))
    except Exception:  # a name in quotes that is not defined yet
        return _jaxtyped(function, typechecker=typechecker)
    if not shaped:
        return beartype(function)
    if inspect.isgeneratorfunction(function):
        return _jaxtyped(function, typechecker=typechecker)
    return _jaxtyped(beartype(function), typechecker=None)


def jaxtyped(thing: Any = None, *, typechecker: Callable[..., Any]) -> Any:
    """What jaxtyping's import hook puts on every function and class."""
    if thing is None:
        return partial(jaxtyped, typechecker=typechecker)
    if isinstance(thing, FunctionType):
        return checked(thing, typechecker)
    if inspect.isclass(thing):
        own = vars(thing).get("__init__")
        if dataclasses.is_dataclass(thing) and isinstance(own, FunctionType):
            thing.__init__ = checked(own, typechecker)
        return thing
    return _jaxtyped(thing, typechecker=typechecker)


jaxtyping.jaxtyped = jaxtyped
