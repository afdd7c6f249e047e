"""`watch`: a live view of the night in the terminal."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Show it until Ctrl-C."""
    return 0
