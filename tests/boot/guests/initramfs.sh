#!/bin/busybox sh
# The first program of the Linux guests. It loads the drivers that it was given and that the machine's devices ask for,
# tells what it sees, waits for the disk that the kernel's command line names, and goes on from there.
/bin/busybox mkdir -p /proc /sys /dev /new
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1 </dev/null

say() { printf '\nGUEST %s\n' "$1"; }
off() { say "end=$1"; poweroff -f; }

for device in /sys/bus/pci/devices/*; do
    modprobe -b -q "$(cat "$device/modalias")"
done
for module in sd_mod crc32c_intel crc32c_generic ext4 vfat nls_cp437 nls_ascii; do
    modprobe -q "$module"
done

wanted=none
for word in $(cat /proc/cmdline); do
    case $word in
        root=*) wanted=${word#root=} ;;
        # The driver that IDE had before libata called its disks hd; then there is no disk of the name sd on IDE.
        hdnames) old_names=yes ;;
    esac
done
find_root() {
    case $wanted in
        UUID=*) root=$(findfs "$wanted" 2>/dev/null) ;;
        *) root=$wanted ;;
    esac
    case $old_names$(readlink /sys/class/block/sda) in
        yes*/ata*) for disk in /dev/sda*; do ln -sf "$disk" "/dev/hd${disk#/dev/sd}"; done ;;
    esac
    case $wanted in /dev/sd*) [ -e /dev/hda ] && return 1 ;; esac
    [ -b "$root" ]
}
waited=0
while ! find_root && [ "$waited" -lt 12 ]; do
    sleep 0.25
    waited=$((waited + 1))
done

for device in /sys/bus/pci/devices/*; do
    case $(cat "$device/class") in 0x01* | 0x02*) ;; *) continue ;; esac
    read -r vendor <"$device/vendor"
    read -r model <"$device/device"
    driver=none
    [ -e "$device/driver" ] && driver=$(basename "$(readlink "$device/driver")")
    say "driver.${vendor#0x}:${model#0x}=$driver"
done
for link in /sys/class/net/*; do
    case ${link##*/} in lo) ;; *) say "mac=$(cat "$link/address")" ;; esac
done
[ -d /sys/firmware/efi ] && say firmware=efi || say firmware=bios
say "disks=$(cd /sys/class/block && echo *)"

find_root || off no-root
say "root=$root"
mount -t ext4 -o ro "$root" /new || off root-not-mounted
mount --move /dev /new/dev && mount --move /proc /new/proc && mount --move /sys /new/sys
exec switch_root /new /sbin/init
off no-init
