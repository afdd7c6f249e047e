"""How the devices behave: pure models, asked for their state at a moment; no sockets, no clock of their own."""
