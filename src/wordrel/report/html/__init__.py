"""The report as one HTML file that asks nothing of any server: `render_html`, `write_html`."""

from wordrel.report.html.page import render_html, write_html

__all__ = ["render_html", "write_html"]
