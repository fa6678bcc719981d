"""The rows of Refusal, with what they are made of. Made by tests/generate/generated.py; do not edit."""

from __future__ import annotations

from typing import Any

MADE_OF = '39226cfb5c46e47f'
ROWS: list[list[Any]] = [
    [('vcenter', 'vcenterserver', 'vcsa', 'vc', 'virtualcenter'), (), 'vCenter Server manages hosts and runs no VMs itself: name the version of the ESXi host', 'esx', ()],
    [('vcf', 'cloudfoundation'), (), 'before VMware Cloud Foundation 9 the ESXi in it has a number of its own: name that', 'esx', ('9',)],
    [('esxiarm', 'esxarm', 'armesxi'), (), 'the Arm edition of ESXi runs guests for Arm alone, and nothing that vmxtool read says which hardware versions it has', '', ()],
    [('ws', 'workstation'), ('1',), 'Workstation 1.0 of 1999 is older than anything that the mobility guide or a public config tells of', '', ()],
]
