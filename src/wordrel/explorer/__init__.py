"""The explorer: a web page where readers try a study's trained models on their own words."""

from wordrel.explorer.page import Written, write_explorer, write_site

__all__ = ["Written", "write_explorer", "write_site"]
