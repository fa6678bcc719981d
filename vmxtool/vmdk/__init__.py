"""Virtual disks as VMware keeps them: descriptors, binary headers, and the chain from a disk to its base."""
