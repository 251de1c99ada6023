"""Reads each text of a JSON array on standard input as RNS's ConfigObj reads a file.

Prints a JSON array: for each text null, or its entries as [section, depth, key, value].
"""

import io
import json
import sys

from RNS.vendor.configobj import ConfigObj, ConfigObjError


def entries(section):
    for key in section.scalars:
        yield [section.name, section.depth, key, section[key]]
    for name in section.sections:
        yield from entries(section[name])


def read(text, interpolation):
    try:
        lines = io.BytesIO(text.encode()).readlines()
        return list(entries(ConfigObj(lines, interpolation=interpolation)))
    except ConfigObjError:
        return None


interpolation = sys.argv[1] == "interpolate"
print(json.dumps([read(text, interpolation) for text in json.load(sys.stdin)]))
