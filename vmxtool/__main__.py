"""`python -m vmxtool`, and the `vmxtool` command."""

from __future__ import annotations

import gc

# More objects than loading vmxtool makes: they all stay, so looking among them for what can go would find nothing.
_MANY_OBJECTS = 100_000


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_MANY_OBJECTS)
    from vmxtool.cli.app import run

    try:
        run()
    finally:
        # The end of a process looks for garbage once more, among objects that all go with it.
        gc.freeze()


if __name__ == "__main__":
    main()
