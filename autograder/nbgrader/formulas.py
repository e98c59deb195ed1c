"""Formulas as MathML, which browsers set without a script, a font or a network.

A student's TeX may be anything: it is bounded, nothing in it defines a macro, and of what the converter makes only
MathML's own elements with harmless attributes are taken, as a tree whose texts are escaped when it is written.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import Converter

LONGEST = 1000  # characters of a formula; a longer one is shown as it was typed
DEEPEST = 30  # braces, or what else makes rows in rows
ELEMENTS = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mpadded", "mphantom", "mfrac", "msqrt", "mroot"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
}
WORD = re.compile(r"true|false|normal|block|prefix|infix|postfix|left|right|center|0|1")
WORDS = ("display", "mathvariant", "columnalign", "stretchy", "fence", "form", "largeop", "movablelimits", "accent")
ATTRIBUTES = {
    **dict.fromkeys((*WORDS, "displaystyle", "scriptlevel"), WORD),
    "width": re.compile(r"-?[0-3]?(\.\d+)?em"),  # of a space; nothing that could cover the page
    "linethickness": re.compile("0"),
}
MACROS = re.compile(r"\\(re|provide)?(new)?(command|environment)|\\[egx]?def|\\let|\\DeclareMathOperator")
ENVIRONMENT = re.compile(r"\{(aligned|alignedat|gathered|equation\*?)\}")  # which the converter does not know


@lru_cache(500)
def in_mathml(tex: str, display: bool = False) -> str:
    """The formula as MathML; as code, just as it was typed, where it is none that can be set."""
    typed = f"<code>{html.escape(tex.strip())}</code>"
    if len(tex) > LONGEST or tex.count("{") > LONGEST // 4 or MACROS.search(tex):
        return typed
    known = ENVIRONMENT.sub("{split}", tex)
    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(known)
    except Exception:  # the converter raises whatever it comes upon in TeX that is none
        return typed
    if not harmless(tree, DEEPEST):
        return typed
    tree.set("alttext", tex.strip())
    if display:
        tree.set("tabindex", "0")  # a wide one can be scrolled, by keyboard too
    return tostring(tree, encoding="unicode")


def harmless(element: Element, deepest: int) -> bool:
    """Whether a tree holds what MathML has, and is not too deep; attributes that could do more are taken away."""
    if element.tag not in ELEMENTS or not deepest:
        return False
    for name, value in list(element.attrib.items()):
        if not (name in ATTRIBUTES and ATTRIBUTES[name].fullmatch(value)):
            del element.attrib[name]
    element.text = html.unescape(element.text or "")  # the converter writes signs as entities
    join_letters(element)
    return all([harmless(child, deepest - 1) for child in element])


def join_letters(row: Element) -> None:
    """Make one word of upright letters that follow each other, to be set and read aloud as one: `softmax`."""
    before: Element | None = None
    for child in list(row) if row.tag in ("mrow", "math", "mtd") else []:
        upright = child.tag == "mi" and child.get("mathvariant") == "normal"
        if upright and before is not None:
            before.text = f"{before.text}{child.text}"
            before.attrib.pop("mathvariant", None)  # of several letters it is the default
            row.remove(child)
        else:
            before = child if upright else None
