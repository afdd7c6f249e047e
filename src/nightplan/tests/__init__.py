"""Tests of nightplan."""
