"""The SystemWatcher: starts every process, watches their heartbeats, restarts them, stops them in order.

It needs neither database nor broker nor web. It may be killed itself: its successor adopts the processes that
still run.
"""
