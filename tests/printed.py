"""PDFs as a person meets them: their words by pdftotext, their look by pdftoppm."""

import shutil
import subprocess

import pytest
from PIL import Image

PRINTED = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="there is no poppler-utils")


def words_of(pdf: bytes) -> list[str]:
    """Return the text of each page, in the order it was drawn."""
    told = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return told.stdout.decode().removesuffix("\f").split("\f")


def pictures_of(pdf: bytes, folder, dpi: int = 100) -> list[Image.Image]:
    """Draw each page as a picture."""
    subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-png", "-", folder / "page"], input=pdf, check=True
    )
    return [Image.open(file).convert("RGB") for file in sorted(folder.glob("page*.png"))]


def fonts_of(pdf: bytes, folder) -> list[list[str]]:
    """Return the rows of pdffonts: name, type, encoding, embedded, subset, …"""
    (folder / "a.pdf").write_bytes(pdf)
    told = subprocess.run(
        ["pdffonts", folder / "a.pdf"], capture_output=True, check=True, text=True
    )
    return [line.split() for line in told.stdout.splitlines()[2:]]
