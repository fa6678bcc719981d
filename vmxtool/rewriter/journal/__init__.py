"""Writes a rewrite to the VM's files, with a journal beside them from which `vmxtool undo` restores every byte."""
