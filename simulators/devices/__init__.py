"""The wire shells: one device a file, each a `devicelink.server.DeviceServer` round a pure model."""
