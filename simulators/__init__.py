"""A whole observatory over the wire: mount, cameras, roof, PLC, weather, focuser, and the sky above them.

Every simulator is a pure model (`simulators.models`, `simulators.sky`: functions of time, no sockets) inside a thin
wire shell (`simulators.devices`). They speak the PyROS grammar of `devicelink` only, so that each can be replaced by
a real device without anything else noticing. They tell the truth, except where a fault plan says otherwise.
"""
