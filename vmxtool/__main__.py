"""`python -m vmxtool`, and the `vmxtool` command."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from vmxtool.cli.app import run

    run()


if __name__ == "__main__":
    main()
