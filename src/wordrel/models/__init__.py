"""Models: how each kind is trained on a corpus, and one interface for all of them.

Names are loaded on first use, so that reading a `WordModel` does not load torch.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wordrel.models.registry import MODELS
    from wordrel.models.trained import Runtime

_HOMES = {"MODELS": "registry", "Runtime": "trained"}
__all__ = ["MODELS", "Runtime"]

if not TYPE_CHECKING:  # else a checker would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
