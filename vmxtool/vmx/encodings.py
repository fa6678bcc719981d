"""Character sets as VMware names them, and the Python codecs that read them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from vmxtool._record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# Codec, then the names VMware knows for it (open-vm-tools, lib/unicode/unicodeSimpleTypes.c). Where a name stands for
# several of its tables, the first it finds is meant: "KS_C_5601-1987" is EUC-KR, while "windows-949-2000" is code page
# 949. Left out is what cannot occur in a file that is read byte by byte as ASCII (UTF-16, UTF-32, EBCDIC), and what
# Python has no codec for (SCSU, BOCU-1, CESU-8, the ISCII family).
_NAMES = """
ascii        ANSI_X3.4-1968 ANSI_X3.4-1986 ISO_646.irv:1991 ISO_646.irv:1983 ASCII ISO646-US US-ASCII us IBM367 cp367
             csASCII 646 ascii7 irv iso-ir-6
utf-8        UTF-8 ibm-1208 ibm-1209 ibm-5304 ibm-5305 cp1208
utf-7        UTF-7
iso8859_1    ISO_8859-1:1987 ISO-8859-1 latin1 l1 IBM819 cp819 csISOLatin1 8859_1 819 iso-ir-100
iso8859_2    ISO_8859-2:1987 ISO-8859-2 latin2 l2 csISOLatin2 ibm-912 8859_2 cp912 912 iso-ir-101
iso8859_3    ISO_8859-3:1988 ISO-8859-3 latin3 l3 csISOLatin3 ibm-913 8859_3 cp913 913 iso-ir-109
iso8859_4    ISO_8859-4:1988 ISO-8859-4 latin4 l4 csISOLatin4 ibm-914 8859_4 cp914 914 iso-ir-110
iso8859_5    ISO_8859-5:1988 ISO-8859-5 cyrillic csISOLatinCyrillic ibm-915 8859_5 cp915 915 iso-ir-144
iso8859_6    ISO_8859-6:1987 ISO-8859-6 ISO-8859-6-E ISO-8859-6-I ECMA-114 ASMO-708 arabic csISOLatinArabic ibm-1089
             8859_6 cp1089 1089 csISO88596E csISO88596I iso-ir-127
iso8859_7    ISO_8859-7:1987 ISO-8859-7 ELOT_928 ECMA-118 greek greek8 csISOLatinGreek ibm-9005 sun_eu_greek ibm-813
             cp813 813 8859_7 iso-ir-126
iso8859_8    ISO_8859-8:1988 ISO-8859-8 ISO-8859-8-E ISO-8859-8-I hebrew hebrew8 csISOLatinHebrew ibm-5012 8859_8
             csISO88598E csISO88598I iso-ir-138
iso8859_9    ISO_8859-9:1989 ISO-8859-9 latin5 l5 csISOLatin5 ibm-920 8859_9 cp920 920 ECMA-128 turkish turkish8
             iso-ir-148
iso8859_10   ISO-8859-10 ISO_8859-10:1992 iso-8859_10-1998 latin6 l6 csISOLatin6 iso-ir-157
iso8859_13   ISO-8859-13 ibm-921 8859_13 cp921 921
iso8859_14   ISO-8859-14 ISO_8859-14:1998 latin8 l8 iso-celtic iso-ir-199
iso8859_15   ISO-8859-15 Latin-9 l9 latin0 csISOLatin0 csISOLatin9 ibm-923 8859_15 cp923 923 iso8859_15_fdis
iso8859_16   ISO-8859-16 ISO_8859-16:2001 latin10 l10 iso-ir-226
cp1250       windows-1250 cp1250 ibm-5346 ibm-1250
cp1251       windows-1251 cp1251 ibm-5347 ibm-1251 ANSI1251
cp1252       windows-1252 cp1252 ibm-5348 ibm-1252
cp1253       windows-1253 cp1253 ibm-5349 ibm-1253
cp1254       windows-1254 cp1254 ibm-5350 ibm-1254
cp1255       windows-1255 cp1255 ibm-9447 ibm-5351
cp1256       windows-1256 cp1256 ibm-9448 ibm-5352
cp1257       windows-1257 cp1257 ibm-9449 ibm-5353
cp1258       windows-1258 cp1258 ibm-5354 ibm-1258
cp932        Shift_JIS MS_Kanji csShiftJIS ibm-943 IBM-943C x-sjis x-ms-cp932 cp932 cp943 cp943c ms932 pck sjis 943
             Windows-31J csWindows31J
gbk          GBK cp936 MS936 windows-936 windows-936-2000 ibm-1386 cp1386
gb18030      GB18030 ibm-1392
gb2312       GB2312 csGB2312 ibm-1383 cp1383 1383 EUC-CN ibm-eucCN hp15CN
hz           HZ-GB-2312 HZ
cp950        Big5 csBig5 windows-950 windows-950-2000 x-big5 ibm-1373
big5hkscs    Big5-HKSCS ibm-1375 big5hk HKSCS-BIG5 ibm-5471 MS950_HKSCS hkbig5
cp949        windows-949-2000 KS_C_5601-1989 csKSC56011987 korean ms949 ibm-1363 cp1363 ksc iso-ir-149
euc_kr       KS_C_5601-1987 EUC-KR csEUCKR ibm-eucKR KSC_5601 ibm-970 cp970 970 5601
euc_jp       EUC-JP X-EUC-JP csEUCPkdFmtJapanese ibm-954 eucjis ujis ibm-33722 ibm-5050 IBM-eucJP
iso2022_jp   ISO-2022-JP csISO2022JP
iso2022_jp_1 ISO-2022-JP-1 ibm-5054
iso2022_jp_2 ISO-2022-JP-2 csISO2022JP2
iso2022_kr   ISO-2022-KR csISO2022KR
cp874        ibm-874 cp874 ibm-9066 TIS-620 tis620.2533 eucTH windows-874-2000 MS874
cp437        IBM437 cp437 437 csPC8CodePage437
cp720        Windows-720 DOS-720 ibm-720
cp737        Windows-737 IBM737 cp737 737
cp775        IBM775 cp775 775 csPC775Baltic
cp850        IBM850 cp850 850 csPC850Multilingual
cp852        IBM852 cp852 852 csPCp852
cp855        IBM855 cp855 855 csIBM855 csPCp855
cp857        IBM857 cp857 857 csIBM857
cp858        IBM00858 CCSID00858 CP00858 PC-Multilingual-850+euro ibm-858 cp858
cp860        IBM860 cp860 860 csIBM860
cp861        IBM861 cp861 861 csIBM861 cp-is
cp862        IBM862 cp862 862 DOS-862 csPC862LatinHebrew
cp863        IBM863 cp863 863 csIBM863
cp864        IBM864 cp864 csIBM864
cp865        IBM865 cp865 865 csIBM865
cp866        IBM866 cp866 866 csIBM866
cp869        IBM869 cp869 869 csIBM869 cp-gr
koi8_r       KOI8-R csKOI8R koi8 cp878 ibm-878
koi8_u       KOI8-U ibm-1168
kz1048       KZ-1048 STRK1048-2002 RK1048 csKZ1048
mac_roman    macintosh mac csMacintosh macroman x-macroman
mac_greek    x-mac-greek macgr
mac_cyrillic x-mac-cyrillic mac-cyrillic maccy
mac_latin2   x-mac-ce macce maccentraleurope x-mac-centraleurroman
mac_turkish  x-mac-turkish mactr
"""

_COLUMN = 13  # where the names begin in the table above

# Numbers of code pages that Windows gives and VMware writes as "windows-NNN", where it has no other name for them.
_CODE_PAGES = {
    "708": "iso8859_6",
    "874": "cp874",
    "932": "cp932",
    "949": "cp949",
    "10000": "mac_roman",
    "10006": "mac_greek",
    "10007": "mac_cyrillic",
    "10029": "mac_latin2",
    "10081": "mac_turkish",
    "20127": "ascii",
    "20866": "koi8_r",
    "20932": "euc_jp",
    "21866": "koi8_u",
    "28603": "iso8859_13",
    "28605": "iso8859_15",
    "38598": "iso8859_8",
    "50220": "iso2022_jp",
    "50221": "iso2022_jp",
    "50222": "iso2022_jp",
    "50225": "iso2022_kr",
    "51932": "euc_jp",
    "51936": "gb2312",
    "51949": "euc_kr",
    "52936": "hz",
    "54936": "gb18030",
    "65000": "utf-7",
    "65001": "utf-8",
} | {str(28590 + part): f"iso8859_{part}" for part in range(1, 10)}

# In these an ASCII byte may belong to a longer character, so ASCII bytes do not read as themselves.
_SHIFTING = frozenset({"utf-7", "hz", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_kr"})


class Encoding(Record):
    """How the values of a file are decoded.

    Attributes:
        codec: the Python codec in use.
        declared: the name in the file (`.encoding`), or None.
        known: False where no declared name is one that VMware knows; `codec` is then a guess.
        line: 1-based number of the line that declares it, or None.
        conflict: 1-based number of the first line that declares another character set, or None; VMware refuses a file
            that has one.
    """

    codec: str
    declared: str | None
    known: bool
    line: int | None = None
    conflict: int | None = None

    @property
    def name(self) -> str:
        """The name for a reader: as declared, else that of the codec in use."""
        return self.declared if self.declared is not None else self.codec.upper()

    @property
    def guessed(self) -> bool:
        """Whether the codec is a guess, because the file names none that VMware knows."""
        return self.declared is None or not self.known


def settle(declared: Sequence[tuple[int, str]], fall_back: Callable[[], str]) -> Encoding:
    """Return the encoding of a file, from its (line, name) declarations in order: the first one VMware knows counts.

    `fall_back` gives the codec to use where there is nothing but a guess to go by.
    """
    codecs = [codec(name) for _, name in declared]
    chosen = next((at for at, found in enumerate(codecs) if found is not None), None)
    if chosen is None:
        line, name = declared[0] if declared else (None, None)
        return Encoding(fall_back(), name, known=not declared, line=line)
    line, name = declared[chosen]
    conflict = next((declared[at][0] for at, found in enumerate(codecs) if found != codecs[chosen]), None)
    return Encoding(codecs[chosen] or "", name, known=True, line=line, conflict=conflict)


@lru_cache(maxsize=64)
def codec(name: str) -> str | None:
    """Return the Python codec for a character set named as VMware names it, or None for a name it does not know.

    Letters and digits alone are compared, in any case, as VMware does: "utf8" is "UTF-8". `windows-NNN` goes by the
    number of the code page; ICU's "windows-949-2000" is Korean, code page 949.
    """
    bare = _bare(name).replace(" ", "")
    known = _codecs().get(bare)
    if known is None and bare.startswith("windows"):
        page = bare.removeprefix("windows")
        known = _CODE_PAGES.get(page) or _codecs().get(f"cp{page}")
    return known


@cache
def _codecs() -> dict[str, str]:
    table: dict[str, str] = {}
    current = ""
    for line in _NAMES.splitlines():
        current = line[:_COLUMN].strip() or current
        table |= dict.fromkeys(_bare(line[_COLUMN:]).split(), current)
    return table


def _bare(names: str) -> str:
    return re.sub(r"[^0-9a-z ]", "", names.lower())


def is_shifting(codec_name: str) -> bool:
    """Return whether ASCII bytes need decoding too, because an earlier byte may have switched the character set."""
    return codec_name in _SHIFTING


def decode(data: bytes, codec_name: str) -> str:
    r"""Read bytes in a codec; a byte that is not valid there shows as `\xNN`, so every input can be shown.

    UTF-7 can spell half of a character, which no text that leaves this program may hold; it shows as `\uNNNN`.
    """
    text = data.decode(codec_name, "backslashreplace")
    if codec_name == "utf-7":
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text


def holds(text: str, codec_name: str) -> bool:
    """Return whether text can be written in a codec and reads the same again."""
    return "\x00" not in text and decode(text.encode(codec_name, "replace"), codec_name) == text


def plain_name(declared: str, codec_name: str) -> str:
    """Return a character set's name that a shell takes as it is: as it was declared, else that of the codec."""
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:-]*", declared) is not None
    return (declared if plain else codec_name).lower()


def is_valid(data: bytes, codec_name: str) -> bool:
    """Return whether bytes are text in a codec; VMware refuses a file with a value that is not."""
    try:
        data.decode(codec_name)
    except UnicodeDecodeError:
        return False
    return True


def guess(data: bytes) -> str:
    """Return a codec for text that names none: UTF-8 where it is valid, else Windows Western, else Latin-1.

    VMware itself takes UTF-8 where the file has a byte order mark and is valid, else the host's locale, which no file
    shows.
    """
    return guess_all(lambda: (data,))


def guess_all(sample: Callable[[], Iterable[bytes]]) -> str:
    """Return the same for several texts of one encoding; `sample` gives them anew each time it is asked."""
    candidates = ("utf-8", "cp1252")
    return next((name for name in candidates if all(is_valid(data, name) for data in sample())), "iso8859_1")
