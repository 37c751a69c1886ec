"""Makes the two fonts of the page from their npm packages. Run by hand when a font changes; the build needs no Python.

    python -m venv v && v/bin/pip install fonttools==4.68.0 brotli==1.2.1
    npm pack @fontsource-variable/figtree@5.3.0 @fontsource-variable/vazirmatn@5.3.0   # and unpack both into FOLDER
    v/bin/python subset.py FOLDER

FOLDER holds figtree-latin-wght-normal.woff2 and vazirmatn-arabic-wght-normal.woff2, in any depth.
The ranges below are the `unicode-range`s of styles/fonts.css: change both together.
"""

import pathlib
import sys

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

# Regular to bold is all that the page uses; the rest of the weight axis is a quarter of the bytes.
WEIGHTS = (400, 700)

LATIN = "U+0020-007E,U+00A0-00FF,U+2013-2014,U+2018-201D,U+2022,U+2026"
# Persian and the Arabic core, both digit sets, ZWNJ and the marks of direction. Not the whole Arabic block: 10 KB less.
PERSIAN = "U+060C,U+061B,U+061F,U+0621-063A,U+0640-0655,U+0660-066D,U+0670-0671,U+067E,U+0686,U+0698,U+06A9,U+06AF,U+06C0,U+06CC,U+06D4,U+06F0-06F9,U+200C-200F"


def make(folder: pathlib.Path, source: str, target: str, ranges: str) -> None:
    found = next(folder.rglob(source))
    font = TTFont(found)
    options = subset.Options()
    options.flavor = "woff2"
    # Without tabular digits in Persian: its figures are of nearly one width, and the feature spaces them like letters of a sign.
    persian = ["kern", "liga", "rlig", "calt", "ccmp", "locl", "mark", "mkmk", "init", "medi", "fina", "isol"]
    options.layout_features = persian if "vazirmatn" in source else ["kern", "liga", "tnum", "ccmp", "locl", "mark", "mkmk"]
    options.hinting = False
    # Name records do not draw anything, but the licence and its copyright line travel with the font.
    options.name_IDs = [0, 1, 2, 13, 14]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=subset.parse_unicodes(ranges.replace("U+", "")))
    subsetter.subset(font)
    # Cut first, then narrow the axis: the other way round the packages' leftover glyph names trip the instancer.
    font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS})
    path = pathlib.Path(__file__).parent / target
    subset.save_font(font, str(path), options)
    print(f"{target}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    packages = pathlib.Path(sys.argv[1])
    make(packages, "figtree-latin-wght-normal.woff2", "figtree-latin.woff2", LATIN)
    make(packages, "vazirmatn-arabic-wght-normal.woff2", "vazirmatn-persian.woff2", PERSIAN)
