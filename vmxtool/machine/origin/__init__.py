"""Which product made a VM: the candidates, what in the files speaks for them, and their ranking."""
