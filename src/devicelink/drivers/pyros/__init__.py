"""Drivers of devices that speak the PyROS grammar."""
