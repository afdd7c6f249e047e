"""install.py refuses in words what it can't work with; nothing is installed here."""

import importlib.util
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def install():
    """The module install.py, imported anew and not run."""
    spec = importlib.util.spec_from_file_location("install_under_test", ROOT / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(*_):
    """A teller that keeps silent."""


def test_what_is_here_is_good_enough(install):
    install.check_prerequisites()


def test_an_older_python_is_refused_with_where_to_get_a_newer_one(install, monkeypatch):
    class Version(tuple):
        pass

    monkeypatch.setattr(install.sys, "version_info", Version((3, 10, 14)))
    monkeypatch.setattr(install.sys, "version", "3.10.14 (main)")
    with pytest.raises(
        install.CannotInstall, match=r"Python 3\.11 or newer is needed, this is 3\.10\.14\. Debian: apt install python3"
    ):
        install.check_prerequisites()


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_refused_with_the_package_to_install(install, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(install.CannotInstall, match=r"venv is missing\. Debian: apt install python3-venv"):
        install.check_prerequisites()


def test_a_checkout_that_can_not_be_written_to_is_refused(install, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install.os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(
        install.CannotInstall,
        match=rf"{re.escape(str(tmp_path))} can't be written to: give its owner's rights, or clone",
    ):
        install.check_prerequisites()


@pytest.mark.parametrize(("free_bytes", "enough"), [(2_000_000_000, True), (1_949_000_000, False)])
def test_two_gigabytes_must_be_free(install, monkeypatch, free_bytes, enough):
    monkeypatch.setattr(install.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=free_bytes))
    if enough:
        install.check_prerequisites()
    else:
        with pytest.raises(
            install.CannotInstall, match=r"only 1\.9 GB are free on the disk of .*, 2 GB are needed: make room"
        ):
            install.check_prerequisites()


def test_a_working_environment_is_kept_without_asking_when_nobody_is_there(install, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    (tmp_path / "mine").write_text("kept")
    assert install.make_environment(again=False, ask=False, tell=told) is False
    assert (tmp_path / "mine").read_text() == "kept"


@pytest.mark.parametrize("answer", ["", "n", "no", "what?"])
def test_asked_whether_to_make_the_environment_anew_anything_but_yes_keeps_it(install, monkeypatch, tmp_path, answer):
    monkeypatch.setattr(install, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert install.make_environment(again=False, ask=True, tell=told) is False


def test_packages_are_not_installed_again_while_the_locks_are_the_same(install, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "ENVIRONMENT", tmp_path)
    (tmp_path / "requirements.txt").write_text("numpy==2.4.0\n")
    installed = []
    monkeypatch.setattr(install, "_install", lambda lock: installed.append(lock.name))
    for _ in range(2):
        install.install_packages(tests=False, mysql=False, fresh=False, tell=told)
    assert installed == ["requirements.txt"]
    (tmp_path / "requirements.txt").write_text("numpy==2.4.1\n")
    install.install_packages(tests=False, mysql=False, fresh=False, tell=told)
    assert installed == ["requirements.txt", "requirements.txt"]


def test_packages_whose_installation_failed_are_tried_again(install, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "ENVIRONMENT", tmp_path)
    (tmp_path / "requirements.txt").write_text("numpy==2.4.0\n")

    def fails(lock):
        raise install.CannotInstall("the index is away")

    monkeypatch.setattr(install, "_install", fails)
    with pytest.raises(install.CannotInstall):
        install.install_packages(tests=False, mysql=False, fresh=False, tell=told)
    assert not (tmp_path / "requirements.stamp").exists()


def test_every_locked_package_has_its_hash():
    for name in ("requirements.txt", "requirements-test.txt"):
        blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text())
        packages = [block for block in blocks if "==" in block.split("\n", 1)[0]]
        assert len(packages) > 20
        assert [block.split("==")[0] for block in packages if "--hash=sha256:" not in block] == []


def test_configuration_and_secrets_are_written_once_and_the_secrets_for_their_owner_alone(
    install, monkeypatch, tmp_path
):
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    config = tmp_path / "pyros.toml"
    install.write_configuration(config, told)
    first = (config.read_text(), (tmp_path / "secrets.toml").read_text())
    assert (tmp_path / "secrets.toml").stat().st_mode & 0o777 == 0o600
    install.write_configuration(config, told)
    assert (config.read_text(), (tmp_path / "secrets.toml").read_text()) == first

    from pyros.config import Config, load, load_secrets

    assert load(config) == Config()
    assert len(load_secrets(config).django_secret_key) >= 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyros.toml", "secrets.toml"]


def test_a_configuration_that_can_not_be_written_is_told_in_words(install, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    (tmp_path / "file").write_text("")
    with pytest.raises(install.CannotInstall, match=r"file can't be written to: .*Not a directory"):
        install.write_configuration(tmp_path / "file" / "pyros.toml", told)


def test_the_words_of_what_failed_are_passed_on(install):
    with pytest.raises(install.CannotInstall, match="the data folder could not be prepared: no space is left"):
        install._run(
            [sys.executable, "-c", "raise SystemExit('no space is left')"], "the data folder could not be prepared"
        )


def test_wrong_arguments_end_with_exit_code_2():
    done = subprocess.run(
        [sys.executable, str(ROOT / "install.py"), "--frogs"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "unrecognized arguments: --frogs" in done.stderr


def test_the_front_door_without_a_suitable_python_says_what_to_install(tmp_path):
    """A path on which there is bash and coreutils, and a python3 that says it is too old."""
    for tool in ("bash", "dirname", "env"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    old = tmp_path / "python3"
    old.write_text("#!/bin/bash\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        [str(ROOT / "pyrosrun.sh"), "simulate"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path)},
    )
    assert done.returncode == 1
    assert (
        done.stderr
        == "PyROS needs Python 3.11 or newer, and none was found. Debian: apt install python3 python3-venv\n"
    )
