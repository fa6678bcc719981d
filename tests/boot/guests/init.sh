#!/bin/busybox sh
# The system on the disk of the Linux guests: it mounts what /etc/fstab names, reads its data, and counts its starts.
PATH=/bin
exec >/dev/ttyS0 2>&1 </dev/null

say() { printf '\nGUEST %s\n' "$1"; }
off() { say "end=$1"; sync; poweroff -f; }

mount -o remount,rw / || off read-only
missing=
while read -r what where _; do
    case $what in
        UUID=*) device=$(findfs "$what" 2>/dev/null) ;;
        /dev/sd*) device=$([ -e /dev/hda ] || echo "$what") ;;
        *) device=$what ;;
    esac
    [ -b "$device" ] || missing="$missing $where"
done </etc/fstab
[ -z "$missing" ] || { say "missing=${missing# }"; off emergency; }
mount /boot || off no-boot-partition
say "kernel=$(ls /boot | grep -c vmlinuz)"
say "data=$(md5sum </data | cut -d ' ' -f 1)"
starts=$(($(cat /starts) + 1))
echo "$starts" >/starts
say "starts=$starts"
umount /boot
mount -o remount,ro /
off off
