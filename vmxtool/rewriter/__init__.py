"""From a plan to bytes on disk: edits, proof, journal, write, undo."""
