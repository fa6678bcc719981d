"""Words that stand on every screen, and what they mean in a sentence or two."""

from __future__ import annotations

import re
from functools import cache

from vmxtool._record import Record

_PLURAL = re.compile(r"(?<=ss)es$|(?<!s)s$")


class Meaning(Record):
    """What some words mean.

    Attributes:
        words: the words, all of one meaning.
        says: a sentence or two.
        seek: what else the rules call it, where they do not say the word itself.
    """

    words: tuple[str, ...]
    says: str
    seek: tuple[str, ...] = ()


_PACKAGE = (
    "An .ova is one file that holds an .ovf and its disks: a package in which a VM travels, and not the VM itself. "
    "vmxtool reads the VM's own files: import the package in Workstation, Fusion or ESXi, or unpack it with ovftool, "
    "and name the new folder."
)
MEANINGS = (
    Meaning(
        ("hardware version", "virtual hardware version", "virtual hardware", "virtualHW.version", "compatibility"),
        "The number of the virtual hardware that the VM has, virtualHW.version in its config. It says which devices, "
        "and how much of each, the VM may have. Each product runs the versions up to a highest one; which product runs "
        "which is on the version's own page, such as vmxtool explain hw19.",
    ),
    Meaning(
        ("legacy", "legacy mode", "legacy VM"),
        "A newer product runs the VM with the old hardware version that it has, so that its old product can still run "
        "it afterwards. vmxtool rewrite --legacy makes such a VM.",
    ),
    Meaning(
        ("snapshot",),
        "The state of a VM at some time, to which it can go back. While there is one, the disk is a chain: the old "
        "file is only read, and what has changed since is in a further one, such as disk-000001.vmdk. All of them "
        "have to come along.",
    ),
    Meaning(
        ("one-way", "one-way move", "no way back"),
        "A move after which the old product does not run the VM any more, since its hardware version has been raised. "
        "A copy of the VM, made before, is the only way back.",
        ("for good", "cannot go back", "go back"),
    ),
    Meaning(
        ("descriptor", "disk descriptor"),
        "A few lines of text that belong to each virtual disk: how large it is, in which files its data lies, and "
        "which disk it rests on. They are a small .vmdk of their own, or stand inside the one with the data.",
    ),
    Meaning(
        ("rewrite",),
        "What vmxtool rewrite does: it changes the VM's config, and the descriptors of its disks, so that another "
        "product runs it. Data on the disks stays as it is. With --dry-run it only shows what would change, and "
        "vmxtool undo takes it back.",
    ),
    Meaning(
        ("undo", "journal", ".vmxtool"),
        "Before a rewrite changes a byte, it writes the old bytes of each file into a journal, in the folder .vmxtool "
        "beside the VM. vmxtool undo puts them back from there, also after a crash.",
        ("earlier rewrite", "rewrite-unfinished"),
    ),
    Meaning(
        ("extent",),
        "One of the files that hold the data of a virtual disk, such as disk-flat.vmdk, or disk-s001.vmdk to "
        "disk-s005.vmdk of a disk in pieces. The disk's descriptor names them, and all have to be there.",
    ),
    Meaning(
        ("flat", "flat.vmdk", "monolithicFlat", "preallocated"),
        "A flat disk has its room set aside at once. Its data is in disk-flat.vmdk, as large as the disk, and the "
        "small disk.vmdk beside it is the descriptor. A VM needs both, and its config names the small one.",
        ("file of a disk is not there", "do not fit together", "format that the target does not run from"),
    ),
    Meaning(
        ("thin", "thin disk", "thin provisioning", "thin provisioned"),
        "A thin disk of ESX takes only the room that its guest has written to, though its file shows the full size. "
        "vmkfstools -i with -d thin makes one, and a copy by other means may fill it up.",
        ("format that the target does not run from", "larger than the target"),
    ),
    Meaning(("OVA", "OVF", "OVF package"), _PACKAGE, ("hardware version is newer than any",)),
    Meaning(
        ("ovftool", "OVF Tool"),
        "VMware's own program for packages: it makes a VM of an .ova or .ovf, and carries a VM to and from an ESX "
        "host, converting its disks on the way. It comes with Workstation and Fusion. Where it is a way to the "
        "target, vmxtool check --target prints its commands.",
        ("OVF Tool", "transport", "format that the target does not run from"),
    ),
    Meaning(
        ("MAC", "MAC address", "Ethernet address", "network address"),
        "The address of a network adapter, in the config as ethernet0.generatedAddress where the product chose it, "
        "and as ethernet0.address where the owner did.",
        ("network-address-twice", "addresses that a product generated", "fixed-address"),
    ),
    Meaning(
        ("duplicate MAC", "duplicate MAC address", "same MAC", "same MAC address", "MAC conflict", "MAC twice"),
        "Two adapters with one address lose packets on the same network. It comes from lines copied within a config, "
        'or from a copied VM whose owner answered "I moved it".',
        ("network-address-twice", "addresses that a product generated"),
    ),
    Meaning(
        (
            "could not open virtual machine",
            "could not open the virtual machine",
            "cannot open the configuration file",
            "failed to start the virtual machine",
            "failed to power on virtual machine",
            "power on failed",
            "Module 'Disk' power on failed",
            "Module Disk power on failed",
            "an error occurred while powering on the virtual machine",
        ),
        "Products print this whatever the reason is, and the reason on another line of the same message. Ask for that "
        "line. vmxtool inspect names what is wrong with the VM's files.",
    ),
)


def meaning_of(text: str) -> Meaning | None:
    """Return the meaning of a word, in the singular or the plural and however it is written, or None."""
    return _by_word().get(_key(text))


def words() -> tuple[str, ...]:
    """Return every word that has a meaning."""
    return tuple(word for meaning in MEANINGS for word in meaning.words)


@cache
def _by_word() -> dict[str, Meaning]:
    return {_key(word): meaning for meaning in MEANINGS for word in meaning.words}


def _key(text: str) -> str:
    return _PLURAL.sub("", " ".join(text.casefold().replace("-", " ").split()).rstrip(".:!"))
