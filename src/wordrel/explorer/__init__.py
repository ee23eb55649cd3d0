"""The explorer: a page on which a reader tries a study's trained models with words of their own."""

from wordrel.explorer.page import Written, write_explorer, write_site

__all__ = ["Written", "write_explorer", "write_site"]
