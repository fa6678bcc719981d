"""The rows of Word, with what they are made of. Made by tests/generate/generated.py; do not edit."""

from __future__ import annotations

from typing import Any

MADE_OF = '39226cfb5c46e47f'
ROWS: list[list[Any]] = [
    ['ws', 'workstation'],
    ['wks', 'workstation'],
    ['workstation', 'workstation'],
    ['workstationpro', 'workstation'],
    ['player', 'player'],
    ['vmplayer', 'player'],
    ['workstationplayer', 'player'],
    ['wsplayer', 'player'],
    ['fusion', 'fusion'],
    ['fusionpro', 'fusion'],
    ['server', 'server'],
    ['vmserver', 'server'],
    ['gsx', 'gsx'],
    ['gsxserver', 'gsx'],
    ['esx', 'esx'],
    ['esxi', 'esx'],
    ['esxserver', 'esx'],
    ['esxiserver', 'esx'],
    ['vsphere', 'esx'],
    ['vspherehypervisor', 'esx'],
    ['vi', 'esx'],
    ['virtualinfrastructure', 'esx'],
    ['ace', 'ace'],
    ['labmanager', 'labmanager'],
    ['lm', 'labmanager'],
    ['vmc', 'cloud'],
    ['vmconaws', 'cloud'],
    ['cloudonaws', 'cloud'],
    ['cloud', 'cloud'],
    ['hw', 'hardware'],
    ['vmx', 'hardware'],
    ['hwv', 'hardware'],
    ['hwversion', 'hardware'],
    ['hardware', 'hardware'],
    ['hardwareversion', 'hardware'],
    ['virtualhw', 'hardware'],
    ['virtualhardware', 'hardware'],
    ['virtualhardwareversion', 'hardware'],
]
