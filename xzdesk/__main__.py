"""``python -m xzdesk``: the command line; without arguments its overview."""

from __future__ import annotations

import sys

from xzdesk.cli import main as command_line


def main() -> int:
    """Exit status of the command line."""
    return command_line.main(sys.argv[1:] or ["--help"])


if __name__ == "__main__":
    sys.exit(main())
