"""Turns a plan into new bytes for the VM's files, proves them, writes them with a journal, and undoes it."""
