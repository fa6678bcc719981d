"""Character sets as VMware names them, and the Python codecs that read them."""

from __future__ import annotations

import re
from functools import cache

# Names as VMware writes them (open-vm-tools, lib/unicode/unicodeSimpleTypes.c), reduced to letters and digits as its
# own lookup does. Left out: UTF-16 and UTF-32, which hold NULs and cannot occur in a file read byte by byte.
_CODECS = {
    "utf8": "utf-8",
    "utf7": "utf-7",
    "ascii": "ascii",
    "usascii": "ascii",
    "gbk": "gbk",
    "ibm1386": "gbk",
    "gb2312": "gbk",
    "gb18030": "gb18030",
    "hzgb2312": "hz",
    "big5": "cp950",
    "ibm1373": "cp950",
    "big5hkscs": "big5hkscs",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "ibm943": "cp932",
    "windows31j": "cp932",
    "eucjp": "euc_jp",
    "iso2022jp": "iso2022_jp",
    "iso2022jp1": "iso2022_jp_1",
    "iso2022jp2": "iso2022_jp_2",
    "euckr": "euc_kr",
    "iso2022kr": "iso2022_kr",
    "ksc56011987": "cp949",
    "windows9492000": "cp949",
    "johab": "johab",
    "ibm874": "cp874",
    "tis620": "tis_620",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "macintosh": "mac_roman",
    "ibm00858": "cp858",
    "iso88596e": "iso8859_6",
    "iso88596i": "iso8859_6",
    "iso88598e": "iso8859_8",
    "iso88598i": "iso8859_8",
}
_CODE_PAGES = {
    "874": "cp874",
    "932": "cp932",
    "936": "gbk",
    "949": "cp949",
    "950": "cp950",
    "1361": "johab",
    "20127": "ascii",
    "20866": "koi8_r",
    "20932": "euc_jp",
    "21866": "koi8_u",
    "51949": "euc_kr",
    "54936": "gb18030",
    "65000": "utf-7",
    "65001": "utf-8",
} | {str(page): f"cp{page}" for page in (437, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866)}
_CODE_PAGES |= {str(page): f"cp{page}" for page in (869, *range(1250, 1259))}

# In these an ASCII byte may belong to a longer character, so ASCII bytes do not read as themselves.
_SHIFTING = frozenset({"utf-7", "hz", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_kr"})


@cache
def codec(name: str) -> str | None:
    """The Python codec for a character set named as VMware names it, or None for a name it does not know.

    Letters and digits alone are compared, in any case, as VMware does: "utf8" is "UTF-8". `windows-NNN` and `ibmNNN`
    go by the number of the code page; ICU's "windows-949-2000" is Korean, code page 949.
    """
    bare = re.sub(r"[^0-9a-z]", "", name.lower())
    if bare in _CODECS:
        return _CODECS[bare]
    if page := re.fullmatch(r"(?:windows|ibm|cp)(\d{3,5})", bare):
        return _CODE_PAGES.get(page[1])
    if latin := re.fullmatch(r"iso8859(\d{1,2})", bare):
        number = int(latin[1])
        return f"iso8859_{number}" if 1 <= number <= 16 and number != 12 else None
    return None


def is_shifting(codec_name: str) -> bool:
    """Whether ASCII bytes need decoding too, because an earlier byte may have switched the character set."""
    return codec_name in _SHIFTING


def decode(data: bytes, codec_name: str) -> str:
    r"""Read bytes in a codec; a byte that is not valid there shows as `\xNN`, so every input can be shown."""
    return data.decode(codec_name, "backslashreplace")


def guess(data: bytes) -> str:
    """A codec for text that names none: UTF-8 where it is valid, else Windows Western, else Latin-1.

    VMware itself takes the host's locale, which no file shows.
    """
    for candidate in ("utf-8", "cp1252"):
        try:
            data.decode(candidate)
        except UnicodeDecodeError:
            continue
        return candidate
    return "iso8859_1"
