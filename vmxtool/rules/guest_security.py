"""SEC8xx: the TPM and the virtualization-based security of a VM, by the state that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.machine.peripherals import security_of
from vmxtool.rules.devices import passed_through
from vmxtool.rules.new_host import has_new_host
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_ADDED = "managedVM.autoAddVTPM"
_PRESENT = "vtpm.present"
_CERTIFICATES = ("vtpm.ekCSR", "vtpm.ekCRT")
_VBS_SWITCHES = ("windows.vbs.enabled", "vbs.enabled")
_ROWS = {"vtpm", "vtpm-auto-add"}  # of devices.toml


def _has_tpm(vm: Machine) -> bool:
    return any(key in vm.config.document for key in _CERTIFICATES) and security_of(vm).tpm == "there"


def _lines(vm: Machine, *keys: str) -> tuple[Evidence, ...]:
    """Return the places of settings; never the value of a certificate, which is long."""
    document = vm.config.document
    return tuple(document.evidence(key) for key in keys if key in document)


@rule(
    "SEC808",
    "tpm-without-its-keys",
    Severity.UNKNOWN,
    about=About.FILES,
    sources=("vddk-tpm-guide",),
    short="the keys of the TPM",
)
def tpm_without_its_keys(vm: Machine) -> Iterator[Hit]:
    """The VM has a virtual TPM with its certificate, and the config has no keys for it.

    The secrets of a TPM lie encrypted in the nvram file, with keys that the config holds (`encryption.keySafe`, on ESX
    `encryption.bundle`). A TPM is kept only together with both. A config that was cleaned of what was encrypted, or
    taken from a backup without it, has lost them: the product does not open the TPM, and what the guest sealed with it
    needs its recovery key.
    """
    if vm.encryption == "none" and _has_tpm(vm):
        yield Hit(
            "where are the keys of the TPM? The config has none; with the config that has them the VM starts with its "
            "TPM, without them the TPM has to be made anew, and BitLocker asks for its recovery key",
            _lines(vm, _PRESENT),
            manual(
                "take the config from a copy that was made with its keys; else remove the TPM and add a new one in the "
                "VM's own product, with the recovery keys of the guest's disks at hand"
            ),
        )


@rule(
    "SEC809",
    "tpm-without-efi",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CHANGE_SETTINGS,
    only_if=lambda vm: vm.tpm and vm.firmware != "efi",
    short="TPM without EFI",
    messages=(("GenericVmConfigFault: The virtual machine must use EFI firmware.", "foreman-10225"),),
)
def tpm_without_efi(case: Case) -> Iterator[Hit]:
    """The VM has or asks for a virtual TPM, and its firmware is not EFI.

    ESX takes a TPM with EFI firmware only. A guest that was installed with BIOS does not start with EFI, so the TPM has
    to go, or the guest to be converted.
    """
    needs, to = features()["tpm-needs-efi"], case.target
    if case.lost & _ROWS or not (case.now.devices & _ROWS):
        return
    known = needs.holds(to)
    yield Hit(
        f"a virtual TPM, and the firmware is BIOS; {to.name} {'takes' if known else 'may take'} a TPM with EFI alone",
        _lines(case.vm, _PRESENT, _ADDED, "firmware"),
        manual('take the TPM out, or set firmware = "efi" where the guest was installed with EFI'),
        sources=needs.sources,
        unverified=not known or "since" in needs.unverified,
    )


@rule(
    "SEC810",
    "tpm-asked-for",
    Severity.INFO,
    about=About.FILES,
    sources=("tpm-added-issues",),
)
def tpm_asked_for(vm: Machine) -> Iterator[Hit]:
    """The config asks for a virtual TPM, and no product has made one yet.

    A TPM that is there has its certificate in the config (`vtpm.ekCSR`). Workstation and Fusion are told to add one by
    `managedVM.autoAddVTPM` or `vtpm.present`; reports differ on which versions read which. Windows 11 asks for one when
    it is installed.
    """
    if vm.tpm and security_of(vm).tpm == "asked-for":
        yield Hit(
            "a virtual TPM is asked for, and none has been made yet; whether the product makes it at the next start is "
            "unverified",
            _lines(vm, _ADDED, _PRESENT),
            manual("look after the first start whether the VM has a TPM, and add it in the settings if not"),
        )


@rule(
    "SEC811",
    "vbs-needs",
    Severity.WARNING,
    about=About.TARGET,
    sources=("vsphere-vbs-docs", "vsphere-vbs-article"),
    only_if=lambda vm: bool(security_of(vm).vbs),
    short="what VBS needs",
)
def vbs_needs(case: Case) -> Iterator[Hit]:
    """Virtualization-based security of Windows (VBS) is on, and something that it needs is not there or not known.

    It needs EFI firmware and Secure Boot, and the host's virtualization in the guest. On hosts with AMD processors ESX
    has it from 7.0 Update 2 and hardware version 19 on, on Intel's from 6.7 and version 14. Devices of the host do not
    go with it.
    """
    vm, to, version = case.vm, case.target, case.now.version
    switches = _lines(vm, *_VBS_SWITCHES)
    if "vbs" in case.lost or "vbs" not in case.now.devices or not case.is_place:
        return
    if vm.firmware != "efi" or not vm.secure_boot:
        missing = "EFI firmware" if vm.firmware != "efi" else "Secure Boot"
        yield Hit(
            f"virtualization-based security needs {missing}, which the VM does not have",
            (*switches, *_lines(vm, "firmware", "uefi.secureBoot.enabled")),
            manual('switch it on where the guest was installed with EFI: firmware = "efi", uefi.secureBoot.enabled'),
        )
    if not case.esx:
        return
    if passed_through(vm):
        yield Hit(
            f"{to.name} does not support devices of the host with virtualization-based security",
            (*switches, *passed_through(vm)[:1]),
            manual("take the device out, or switch virtualization-based security off in the guest and in the config"),
        )
    host, on_amd = products().get(f"hw{version}"), features()["vbs-on-amd"]
    if has_new_host(case) and not (on_amd.holds(to) and host is not None and on_amd.holds(host)):
        yield Hit(
            f"has the host of {to.name} a processor of Intel's? If it has, virtualization-based security goes on; on "
            "AMD's it is only there with newer hosts and hardware versions",
            (*switches, *vm.hardware.evidence),
            manual("switch it off in Windows before the move if the host has a processor of AMD's"),
            Severity.UNKNOWN,
            on_amd.sources,
        )


@rule(
    "SEC812",
    "keys-stay-on-the-mac",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("fusion-12-tpm-article",),
    only_if=lambda vm: vm.encryption == "partial" and _ADDED in vm.config.document and _has_tpm(vm),
    short="the password of the TPM's keys",
)
def keys_stay_on_the_mac(case: Case) -> Iterator[Hit]:
    """A product chose the password of the VM's keys by itself, and keeps it where the VM was made.

    Fusion 12.2 made virtual TPMs so: on another Mac, and in newer versions, it asks for a password that nobody was
    given. Where the VM still starts, set a password of your own in its encryption settings before it is moved.
    """
    made_by = case.made_by
    if made_by is None or not features()["chooses-passwords"].holds(made_by):
        return
    if not case.esx and has_new_host(case):
        yield Hit(
            "is the password of the VM's encryption known? If it is, the VM can move; if a product chose it when it "
            "added the TPM, another host asks for it, and the VM does not start there",
            _lines(case.vm, _ADDED),
            manual("where the VM still starts, set a password of your own in its encryption settings first"),
        )
