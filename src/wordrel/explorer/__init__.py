"""The explorer: a page in which a reader asks a study's trained models about words of their own."""

from wordrel.explorer.page import Written, write_explorer, write_site

__all__ = ["Written", "write_explorer", "write_site"]
