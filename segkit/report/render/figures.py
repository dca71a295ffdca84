"""A saved SVG made fit to stand in a page beside others."""

from __future__ import annotations

import re
from xml.etree import ElementTree

_INNER_LINK = re.compile(r"url\(#([^)]+)\)")
_NAMESPACE = re.compile(r"^\{[^}]*\}")


def inline_svg(svg: str, prefix: str, alt: str) -> str:
    """`svg` as an element of an HTML page: no prolog, namespaces or links; ids led by `prefix`; alt text set.

    Every file by matplotlib names its clip paths and markers alike: two figures on a page would mix them up.

    Raises
    ------
    ElementTree.ParseError : `svg` is no XML
    """
    root = ElementTree.fromstring(svg)
    for parent in root.iter():
        for child in list(parent):
            if _NAMESPACE.sub("", str(child.tag)) in ("metadata", "style", "script"):
                parent.remove(child)
    for element in root.iter():
        element.tag = _NAMESPACE.sub("", str(element.tag))
        attributes = [(_NAMESPACE.sub("", name), value) for name, value in element.attrib.items()]
        element.attrib.clear()
        element.attrib.update({name: _own(name, value, prefix) for name, value in attributes if value})
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": alt}
    title = ElementTree.Element("title")
    title.text = alt
    root.insert(0, title)
    return ElementTree.tostring(root, encoding="unicode")


def _own(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href":
        return value.replace("#", f"#{prefix}-", 1) if value.startswith("#") else ""
    return _INNER_LINK.sub(rf"url(#{prefix}-\1)", value)
