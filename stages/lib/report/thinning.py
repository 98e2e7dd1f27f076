"""Makes the SVG of a chart smaller, and its picture no other: the renderer repeats for each mark what all have."""

from xml.etree import ElementTree

_SVG = "http://www.w3.org/2000/svg"
# What a program that draws does not read: names for scripts, styles and screen readers, which see an image.
_UNREAD = ("class", "role", "pointer-events", "aria-hidden", "aria-roledescription", "aria-label")
# What is as it would be without the attribute.
_DEFAULTS = {"opacity": "1", "stroke-opacity": "1", "fill-opacity": "1", "transform": "translate(0,0)"}
# What the elements inside of a group take over from it.
_INHERITED = (
    "fill stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap stroke-linejoin stroke-miterlimit "
    "fill-opacity font-family font-size font-weight font-style text-anchor"
).split()
# The fill by which `charts.STYLE` finds the hollow paths, which stays theirs.
_HOLLOW = "white"
# Paths that draw nothing.
_NOTHING = ("", "M0,0h0v0h0Z")


def thinned(svg: str) -> str:
    """Return an SVG that draws the same with fewer characters."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    for part in root:
        _thin(part)
    return ElementTree.tostring(root, encoding="unicode")


def _thin(part: ElementTree.Element) -> None:
    for name in _UNREAD:
        part.attrib.pop(name, None)
    for name, default in _DEFAULTS.items():
        if part.get(name) == default:
            del part.attrib[name]
    for inside in list(part):
        _thin(inside)
        if inside.get("d") in _NOTHING or (inside.tag == f"{{{_SVG}}}g" and not len(inside)):
            part.remove(inside)
    if part.tag != f"{{{_SVG}}}g":
        return
    while len(part) == 1 and part[0].tag == part.tag and not part[0].keys():
        part[:] = list(part[0])
    for name in _INHERITED:
        values = {inside.get(name) for inside in part}
        if len(values) == 1 and (value := values.pop()) not in (None, _HOLLOW):
            part.set(name, value)
            for inside in part:
                del inside.attrib[name]
