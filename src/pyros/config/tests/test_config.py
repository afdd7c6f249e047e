"""pyros.toml and secrets.toml: defaults, and every kind of mistake answered in words."""

import dataclasses
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyros.config import CONFIG_VARIABLE, ROOT, Config, ConfigError, Secrets, load, load_secrets, locate
from pyros.config.loading import data_folder
from pyros.config.writing import document


@pytest.fixture
def written(tmp_path):
    """Writes the text of a pyros.toml and gives its path."""

    def write(text, name="pyros.toml", mode=0o600):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    return write


def test_a_missing_file_means_the_defaults(tmp_path):
    config = load(tmp_path / "pyros.toml")
    assert config == Config()
    assert (config.database.engine, config.broker.kind, config.web.host, config.web.port) == (
        "sqlite",
        "embedded",
        "127.0.0.1",
        8000,
    )
    assert config.devices.simulated is True


def test_the_written_file_with_nothing_changed_means_the_defaults(written):
    assert load(written(document())) == Config()


def test_values_replace_defaults_and_the_rest_stays(written):
    config = load(written("[web]\nport = 8010\n[night]\narm_before_night_s = 60\n"))
    assert config.web.port == 8010
    assert config.web.host == "127.0.0.1"
    assert config.night.arm_before_night_s == 60.0
    assert isinstance(config.night.arm_before_night_s, float)


MISTAKES = [
    ("[wbe]\nport = 1", r"unknown table \[wbe\]; expected one of alerts, .*observatory.* \(did you mean web\?\)"),
    ("[web]\nprot = 1", r"unknown key \[web\] prot; expected one of allowed_hosts, host, port \(did you mean port\?\)"),
    ("[web]\nzzz = 1", r"unknown key \[web\] zzz; expected one of allowed_hosts, host, port$"),
    ("web = 8000", r"web = 8000 stands outside a table; expected a table \[web\]"),
    ('[web]\nport = "8000"', r"\[web\] port = '8000'; expected a whole number"),
    ("[web]\nport = 8000.0", r"\[web\] port = 8000\.0; expected a whole number"),
    ("[web]\nport = true", r"\[web\] port = True; expected a whole number"),
    ("[web]\nport = 0", r"\[web\] port = 0; expected a number from 1 to 65535"),
    ("[web]\nport = 65536", r"\[web\] port = 65536; expected a number from 1 to 65535"),
    ("[web]\nhost = 127", r"\[web\] host = 127; expected a text in quotes"),
    ('[web]\nallowed_hosts = "localhost"', r"\[web\] allowed_hosts = 'localhost'; expected a list of texts, e\.g\. \["),
    ("[web]\nallowed_hosts = [1]", r"\[web\] allowed_hosts = \[1\]; expected a list of texts"),
    ('[database]\nengine = "postgres"', r"\[database\] engine = 'postgres'; expected one of sqlite, mariadb"),
    (
        '[night]\noperating_mode = "automatic"',
        r"operating_mode = 'automatic'; expected one of OFF, MANUAL, STANDBY, AUTOMATIC",
    ),
    ("[night]\nswitch_interval_s = nan", r"\[night\] switch_interval_s = nan; expected a number from 0 to 7200"),
    ("[night]\nswitch_interval_s = -0.5", r"\[night\] switch_interval_s = -0\.5; expected a number from 0 to 7200"),
    ("[night]\nswitch_interval_s = true", r"\[night\] switch_interval_s = True; expected a number"),
    ('[devices]\nsimulated = "no"', r"\[devices\] simulated = 'no'; expected true or false"),
    ("[devices]\nsimulated = 0", r"\[devices\] simulated = 0; expected true or false"),
    ("[web\nport = 1", r"not TOML: .*line 1"),
    ("[web]\nport = 1\nport = 2", r"not TOML: Cannot overwrite a value"),
    (b"[web]\nhost = '\xff'", r"can't be read: .*utf-8"),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES, ids=[sentence[:40] for _, sentence in MISTAKES])
def test_a_mistake_is_refused_naming_the_file_the_key_and_what_was_expected(written, text, sentence):
    path = written(text)
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(path))}: .*{sentence}") as refusal:
        load(path)
    assert "\n" not in str(refusal.value)


def test_a_folder_in_place_of_the_file_is_refused_in_words(tmp_path):
    (tmp_path / "pyros.toml").mkdir()
    with pytest.raises(ConfigError, match=r"pyros\.toml: can't be read: .*directory"):
        load(tmp_path / "pyros.toml")


def test_the_data_folder_is_relative_to_the_configuration_file(tmp_path):
    assert data_folder(Config(), tmp_path / "pyros.toml") == tmp_path / "var"
    elsewhere = Config(observatory=dataclasses.replace(Config().observatory, data_folder="/srv/pyros"))
    assert str(data_folder(elsewhere, tmp_path / "pyros.toml")) == "/srv/pyros"


def test_the_configuration_is_the_one_the_parent_named_else_the_checkouts(monkeypatch, tmp_path):
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "site.toml"))
    assert locate() == tmp_path / "site.toml"
    monkeypatch.delenv(CONFIG_VARIABLE)
    assert locate() == ROOT / "pyros.toml"
    assert (ROOT / "manage.py").exists()


# Secrets ---------------------------------------------------------------------------------------------------------


def test_without_a_secrets_file_the_secrets_are_empty(tmp_path):
    assert load_secrets(tmp_path / "pyros.toml") == Secrets()


def test_secrets_are_read_from_beside_the_configuration(written, tmp_path):
    written('django_secret_key = "a"\ndatabase_password = "b"\n', "secrets.toml")
    assert load_secrets(tmp_path / "pyros.toml") == Secrets(django_secret_key="a", database_password="b")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602])
def test_secrets_that_others_may_read_or_write_are_refused_with_the_remedy(written, tmp_path, mode):
    path = written('django_secret_key = "hush"\n', "secrets.toml", mode)
    with pytest.raises(
        ConfigError,
        match=rf"mode 0{mode:o} lets others read it; expected 0600 \(run: chmod 600 {re.escape(str(path))}\)",
    ):
        load_secrets(tmp_path / "pyros.toml")


@pytest.mark.parametrize(
    "text", ["database_password = 20261121", 'database_password = ["20261121"]', 'passwort = "20261121"']
)
def test_a_mistake_in_the_secrets_is_told_without_showing_the_secret(written, tmp_path, text):
    written(text, "secrets.toml")
    with pytest.raises(ConfigError, match=r"secrets\.toml: .*expected") as refusal:
        load_secrets(tmp_path / "pyros.toml")
    assert "20261121" not in str(refusal.value)


# Properties ------------------------------------------------------------------------------------------------------


@given(
    host=st.text(),
    hosts=st.lists(st.text(), max_size=3),
    port=st.integers(1, 65535),
    interval=st.floats(0, 7200),
    enabled=st.booleans(),
)
def test_what_is_written_is_read_back_the_same(tmp_path_factory, host, hosts, port, interval, enabled):
    path = tmp_path_factory.getbasetemp() / "written.toml"
    changes = {
        "web": {"host": host, "allowed_hosts": hosts, "port": port},
        "night": {"switch_interval_s": interval},
        "development": {"enabled": enabled},
    }
    path.write_bytes(document(changes).encode())
    config = load(path)
    assert (config.web.host, config.web.allowed_hosts, config.web.port) == (host, hosts, port)
    assert config.night.switch_interval_s == interval
    assert config.development.enabled is enabled


_VALUES = st.recursive(
    st.one_of(
        st.integers(-(10**9), 10**9).map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.sampled_from(["true", '"x"', "1979-05-27"]),
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=5,
)


_KEYS = [
    f"{table.name}.{item.name}"
    for table in dataclasses.fields(Config)
    for item in dataclasses.fields(getattr(Config(), table.name))
]


@given(st.sampled_from(_KEYS), _VALUES)
def test_any_value_of_any_key_is_either_taken_or_refused_in_words_and_nothing_else(tmp_path_factory, key, value):
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text(f"{key} = {value}\n")
    table, _, name = key.partition(".")
    try:
        load(path)
    except ConfigError as refusal:
        assert f"[{table}] {name}" in str(refusal)
        assert "expected" in str(refusal)


def test_every_key_is_explained():
    for table in dataclasses.fields(Config):
        for item in dataclasses.fields(getattr(Config(), table.name)):
            assert item.metadata["help"], f"[{table.name}] {item.name} has no help"


def test_the_reference_of_the_configuration_is_up_to_date():
    """Where this fails: python -m pyros.config > docs/reference/configuration.md"""
    made = subprocess.run([sys.executable, "-m", "pyros.config"], capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "reference" / "configuration.md").read_text() == made
