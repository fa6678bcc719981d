"""What the sources say about products, virtual hardware, devices and guests: data with sources, and its loaders."""
