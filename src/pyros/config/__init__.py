"""Configuration: what changes from site to site, in `pyros.toml`, with defaults that work.

`load()` reads the file, checks every key and value against the dataclasses of `pyros.config.schema`,
and refuses a wrong one with the file, the key and what was expected. No environment variable is needed;
processes started by the SystemWatcher are told the file by `--config`, which `locate()` finds again.
"""

from pyros.config.loading import CONFIG_VARIABLE, ROOT, ConfigError, Secrets, load, load_secrets, locate
from pyros.config.schema import Config

__all__ = ["CONFIG_VARIABLE", "ROOT", "Config", "ConfigError", "Secrets", "load", "load_secrets", "locate"]
