"""Edit the disk data base of a descriptor: one value changes, and sectors inside a disk stay as many as they were."""

from __future__ import annotations

import re

from vmxtool.vmdk.descriptor import DDB, Descriptor


def with_ddb(descriptor: Descriptor, key: str, value: str) -> Descriptor:
    """Return a descriptor with another value on every line of one `ddb.` key; no other byte of the text changes.

    `key` may carry its `ddb.` prefix or not. Inside a disk file (`region`) the whole keeps its size: padding
    gives way or grows.

    Raises:
        KeyError: no line carries the key.
        ValueError: the value cannot stand in such a line or in the file's encoding, or the sectors are full.
    """
    full = key if key.lower().startswith(DDB) else DDB + key
    places = descriptor.places(full)
    if not places:
        raise KeyError(full)
    new = _encode(full, value, descriptor.codec)
    text = descriptor.raw[: descriptor.text_size]
    for place in reversed(places):
        if not place.quoted and (not new or new != new.strip(b" \t")):
            raise ValueError(f"{full}: {value!r} needs quotes, and line {place.line} has none")
        text = text[: place.start] + new + text[place.start + len(place.raw) :]
    return Descriptor.parse(text + _padding_for(descriptor, text, full), region=descriptor.region)


def _padding_for(descriptor: Descriptor, text: bytes, key: str) -> bytes:
    padding = descriptor.raw[descriptor.text_size :]
    if not descriptor.region or len(text) == descriptor.text_size:
        return padding
    if not descriptor.padding_clean:
        raise ValueError(f"{key}: something unknown follows the descriptor in its sectors, so its length must stay")
    room = len(descriptor.raw) - len(text)
    # A NUL ends the text, unless the sectors were filled to the last byte before.
    if room < (1 if padding else 0):
        raise ValueError(f"{key}: the descriptor's {len(descriptor.raw)} bytes are too few for the new value")
    return b"\x00" * room


def _encode(key: str, value: str, codec: str) -> bytes:
    try:
        new = value.encode(codec)
    except UnicodeEncodeError:
        raise ValueError(f"{key}: the descriptor's encoding {codec} cannot hold {value!r}") from None
    if re.search(rb'["\r\n\x00]', new):
        raise ValueError(f"{key}: {value!r} has a quote, a line end or a NUL, which a descriptor cannot hold")
    return new
