"""Reading what a chart shows."""

import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    """Return the texts of a chart, in the order they are drawn in."""
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]
