"""What the changes of a rewrite are called for a reader, by the rows of devices.toml and by their topics."""

from __future__ import annotations

from vmxtool.changes.model import (
    ADAPTER,
    ADAPTERS_OVER,
    ARM_DEVICE,
    BOOT_ORDER,
    CHARACTER_SET,
    CONFIG_VERSION,
    CONTROLLER_NAME,
    DISK_MODE,
    DISK_NAMES,
    DISK_VERSION,
    GUEST_NAME,
    HOST_OF_ESX2,
    LEFTOVER,
    NETWORK,
    PRODUCT_KIND,
    SLAVE_MOVE,
    VERSION,
)

TOPICS = {
    VERSION: "hardware version",
    GUEST_NAME: "guest name",
    DISK_NAMES: "names of disks",
    HOST_OF_ESX2: "names of its old host",
    CHARACTER_SET: "character set",
    NETWORK: "network",
    CONTROLLER_NAME: "SCSI controller's name",
    ADAPTERS_OVER: "network adapters",
    CONFIG_VERSION: "version of the config",
    DISK_MODE: "disk mode",
    ARM_DEVICE: "device without ARM",
    PRODUCT_KIND: "kind of product",
    SLAVE_MOVE: "lone drive on IDE",
    LEFTOVER: "unused settings",
    BOOT_ORDER: "boot order",
    ADAPTER: "adapter of the disk",
    DISK_VERSION: "version in the disk",
}
# What a row of devices.toml is about, where its id does not say it to a reader; rows of one device share a name.
NAMES = {
    **dict.fromkeys(("sound-hdaudio", "sound-on-esx", "hdaudio-on-esx"), "sound card"),
    **dict.fromkeys(("slot-numbers", "nic-slot-numbers"), "PCI slot numbers"),
    **dict.fromkeys(("nic-vmxnet3", "nic-e1000e", "nic-e1000", "nic-pvrdma"), "network adapter"),
    **dict.fromkeys(("scsi-lsisas1068", "scsi-pvscsi", "scsi-lsilogic"), "SCSI controller"),
    **dict.fromkeys(("scsi-vmxlsilogic", "scsi-vmxbuslogic"), "SCSI controller's name"),
    **dict.fromkeys(("graphics-memory", "graphics-memory-setting"), "3D memory"),
    **dict.fromkeys(("vtpm", "vtpm-auto-add"), "TPM"),
    **dict.fromkeys(("cores-per-socket", "cores-per-socket-count"), "cores per socket"),
    "nic-vmxnet2": "features of vmxnet",
    "scsi-sas-address": "SAS address",
    "sata": "SATA controller",
    "nvme": "NVMe controller",
    "nvme-1.3": "NVMe 1.3",
    "ide-disk": "disk on IDE",
    "change-tracking": "changed block tracking",
    "usb-1": "USB controller",
    "usb-2": "USB 2.0 controller",
    "usb-3": "USB 3 controller",
    "graphics-3d": "3D graphics",
    "vmci": "VMCI device",
    "hpet": "HPET timer",
    "pcie-root-ports": "PCI Express ports",
    "pci-bridge": "PCI bridge",
    "pci-root-bridges": "PCI root bridges",
    "motherboard-acpi": "motherboard layout",
    "noted-at-start": "values of the last start",
    "pci-passthrough": "host devices",
    "vmi": "VMI interface",
    "watchdog": "watchdog timer",
    "serial-ports-beyond-four": "serial ports from 5 on",
    "cpu-hot-add": "CPU hot add",
    "processor-features-of-the-vm": "CPU features (EVC)",
    "generation-id": "generation id",
    "secure-boot": "Secure Boot",
    "vbs": "security by VBS",
    "enclaves": "SGX enclaves",
    "encrypted-memory": "SEV memory encryption",
    "confidential-guest": "SEV-SNP or TDX",
}
# The rule that finds what a row's limit is about, where it is not the one for devices.
OF_LIMITS = {"memory_mib": "memory-over-limit"}
# What the guest loses, where devices.toml says it at length; --why has it in full.
LOSSES = {
    **dict.fromkeys(("nic-vmxnet3", "nic-e1000e", "nic-e1000"), "the guest needs its network address set anew"),
    **dict.fromkeys(("scsi-lsisas1068", "scsi-pvscsi"), "the guest needs the driver of LSI Logic"),
    "scsi-lsilogic": "the guest needs the driver of BusLogic",
    "nic-slot-numbers": "Linux may rename its network card",
}
PLAIN_EFFECTS = {
    HOST_OF_ESX2: "only ESX Server 1 and 2 have them",
    LEFTOVER: "the place is needed",
    SLAVE_MOVE: "becomes master",
    BOOT_ORDER: "names the new places",
}
