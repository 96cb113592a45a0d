"""The recipe inside a picture file: text that travels with the pixels, where each format has room for it."""

import html
import re
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
    '<rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF>'
    "</x:xmpmeta>"
)


def options(recipe: str, suffix: str) -> dict[str, Any]:
    """What to hand to Pillow's `save` so that a `.png`, `.webp` or `.gif` carries `recipe`."""
    if not recipe:
        return {}
    if suffix == ".png":
        text = PngInfo()
        text.add_itxt("recipe", recipe)
        return {"pnginfo": text}
    if suffix == ".webp":
        return {"xmp": _XMP.format(html.escape(recipe, quote=False)).encode()}
    return {"comment": recipe.encode()}


def read(path: str | Path) -> str:
    """The recipe a picture or animation was saved with; empty where it has none."""
    with Image.open(path) as image:
        if "recipe" in image.info:
            return image.info["recipe"]
        if "xmp" in image.info:
            return _description(image.info["xmp"].decode("utf-8", "replace"))
        return image.info.get("comment", b"").decode("utf-8", "replace")


def _description(packet: str) -> str:
    found = re.search(r'<rdf:li xml:lang="x-default">(.*?)</rdf:li>', packet, re.DOTALL)
    return html.unescape(found.group(1)) if found else ""
