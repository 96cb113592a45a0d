"""A table of words, as aligned text for a terminal and as HTML for a page. Rows have a cell for each column."""

from collections.abc import Iterable, Sequence
from html import escape

Rows = Iterable[Sequence[str]]

_BORDER = "1px solid var(--jp-border-color2, rgba(128, 128, 128, .4))"
_TABLE = "border-collapse: collapse; color: var(--jp-content-font-color1, inherit); font-size: .9em"
_CELL = f"padding: .15em .8em; text-align: left; border-bottom: {_BORDER}"


def text_table(columns: Sequence[str], rows: Rows) -> str:
    """Columns padded to their widest cell; the last one is left ragged."""
    lines = [tuple(columns), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def html_table(columns: Sequence[str], rows: Rows, caption: str) -> str:
    """A table in the page's own colors, scrolling sideways where it is too wide; every cell is escaped text."""
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f'<div style="overflow: auto; max-height: 32em"><table style="{_TABLE}">'
        f'<caption style="text-align: left">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(word: str) -> str:
    return f'<td style="{_CELL}">{escape(word)}</td>'
