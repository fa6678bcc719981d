"""The dictionary language of .vmx, .vmtx, .cfg and .vmsd files: lines, values and edits, as VMware reads them."""
