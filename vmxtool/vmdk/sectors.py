"""The unit in which virtual disks are measured, and how many of it a disk can have."""

from __future__ import annotations

SECTOR = 512
"""Bytes of a sector: every offset and size in a descriptor or header counts these, whatever the host's disk has."""

MAX_SECTORS = 2**54
"""Sectors that a file offset can reach, 2^63 bytes. A descriptor or header may claim more; no disk has it."""
