"""Print the data folder of a configuration (for install.py)."""

import argparse

from pyros import current


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Print it."""
    print(current.data_folder())
    return 0
