"""The front door: what `./pyrosrun.sh COMMAND` does, one module a command."""
