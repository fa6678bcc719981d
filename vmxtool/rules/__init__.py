"""What can be wrong with a VM, for itself or for a target; one file per family of codes."""
