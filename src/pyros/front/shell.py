"""`shell`: Python with the observatory's models."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Open it."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("shell")
    return 0
