"""What can be changed in a VM's files, setting by setting and entry by entry, each with its reason and source."""
