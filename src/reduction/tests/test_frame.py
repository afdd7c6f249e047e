"""Reading and atomic writing."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from reduction.errors import FrameError
from reduction.frame import read_frame, write_fits_atomically

SRC = Path(__file__).parents[2]


def test_unsigned_integers_are_read_as_float32(tmp_path: Path) -> None:
    fits.PrimaryHDU(np.array([[0, 65535]], np.uint16)).writeto(tmp_path / "a.fits")
    data = read_frame(tmp_path / "a.fits").data
    assert data.dtype == np.float32
    assert data.tolist() == [[0.0, 65535.0]]


def test_the_image_may_be_in_a_compressed_extension(tmp_path: Path) -> None:
    hdu = fits.CompImageHDU(np.arange(400, dtype=np.int16).reshape(20, 20))
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / "a.fits.fz")
    assert read_frame(tmp_path / "a.fits.fz").data[19, 19] == 399.0


@pytest.mark.parametrize("content", [b"", b"no FITS at all", b"SIMPLE  =                    T" + b" " * 50])
def test_a_file_that_is_no_image_is_a_frame_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.fits").write_bytes(content)
    with pytest.raises(FrameError, match=r"a\.fits"):
        read_frame(tmp_path / "a.fits")


def test_a_file_cut_short_is_a_frame_error(tmp_path: Path) -> None:
    fits.PrimaryHDU(np.ones((100, 100), np.float32)).writeto(tmp_path / "a.fits")
    (tmp_path / "b.fits").write_bytes((tmp_path / "a.fits").read_bytes()[:20000])
    with pytest.raises(FrameError, match=r"b\.fits"):
        read_frame(tmp_path / "b.fits")


def test_a_cube_is_refused(tmp_path: Path) -> None:
    fits.PrimaryHDU(np.ones((2, 3, 4))).writeto(tmp_path / "a.fits")
    with pytest.raises(FrameError, match="NAXIS = 3"):
        read_frame(tmp_path / "a.fits")


def test_what_is_written_reads_back_and_its_hash_is_the_files(tmp_path: Path) -> None:
    path = tmp_path / "out.fits"
    digest = write_fits_atomically(path, np.full((3, 5), 2.5, np.float32), {"OBJECT": "GRB 260101A"})
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert fits.getval(path, "OBJECT") == "GRB 260101A"
    assert fits.getdata(path).shape == (3, 5)
    assert [p.name for p in tmp_path.iterdir()] == ["out.fits"]


def test_a_crash_before_the_rename_leaves_no_final_name(tmp_path: Path) -> None:
    program = f"""
import os, sys
sys.path.insert(0, {str(SRC)!r})
import numpy as np
from reduction.frame import write_fits_atomically
os.fsync = lambda descriptor: os._exit(9)  # the machine dies while the bytes go to the disk
write_fits_atomically({str(tmp_path / "out.fits")!r}, np.ones((50, 50), np.float32))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 9
    assert not (tmp_path / "out.fits").exists()


def test_a_refusing_disk_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.fits"
    write_fits_atomically(path, np.zeros((2, 2), np.float32))
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_fits_atomically(path, np.ones((9, 9), np.float32))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["out.fits"]


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = f"""
import sys
sys.path.insert(0, {str(SRC)!r})
import reduction
print(sorted(set(sys.modules) & {{"numpy", "astropy", "scipy", "sep", "PIL"}}))
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout.strip() == "[]"
