"""The sky that all cameras and the catalogue server share: a pure function of a seed, a place and a moment."""
