"""Every rendered label is read back by an independent decoder."""

import io
import random
import re
import xml.etree.ElementTree as ET

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.batches import qr
from app.batches.codes import make_code, parse_code
from app.paper.symbol import QUIET_MODULES

LONGEST_HOST = "NYBZ.AGRI.HEBEI.GOV."
HOSTS = ["NY.HEBEI.GOV.CN", LONGEST_HOST, "10.0.0.7:8000", "A.CN"]
CODE = make_code("130110", 0x1234567890)
SVG = "{http://www.w3.org/2000/svg}"


def read(image: Image.Image) -> zxingcpp.Barcode:
    found = zxingcpp.read_barcodes(image)
    assert len(found) == 1
    return found[0]


def assert_reads_as(image: Image.Image, host: str, code: str) -> None:
    symbol = read(image)
    assert symbol.text == f"HTTPS://{host}/B/{code}"
    assert symbol.extra["ECLevel"] == "H"
    assert int(symbol.extra["Version"]) <= 4
    assert parse_code(symbol.text) == code


def rasterised(document: str, scale: int = 4) -> Image.Image:
    """Draw an SVG's paths of rectangles as a printer would: fills, opacity, translate and scale."""
    root = ET.fromstring(document)
    width, height = (int(side) for side in root.attrib["viewBox"].split()[2:])
    image = Image.new("RGB", (width * scale, height * scale), "white")
    for path in root.iter(f"{SVG}path"):
        moved = re.fullmatch(
            r"translate\(0 ([\d.]+)\) scale\(([\d.]+)\)", path.get("transform", "")
        )
        down, zoom = (float(part) for part in moved.groups()) if moved else (0.0, 1.0)
        alpha = round(255 * float(path.get("fill-opacity", "1")))
        ink = (238, 0, 0) if path.get("fill") == "#e00" else (0, 0, 0)
        shapes = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path.attrib["d"])
        assert "".join("M{} {}h{}v1h-{}z".format(*shape) for shape in shapes) == path.attrib["d"]
        for x, y, length, back in shapes:
            assert length == back
            box = [
                round(edge * scale)
                for edge in (
                    int(x) * zoom,
                    int(y) * zoom + down,
                    (int(x) + int(length)) * zoom,
                    (int(y) + 1) * zoom + down,
                )
            ]
            size = (box[2] - box[0], box[3] - box[1])
            image.paste(ink, (box[0], box[1]), Image.new("L", size, alpha))
    return image


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("L")


CODES = st.builds(
    make_code, st.sampled_from(["130110", "130682", "131127"]), st.integers(0, 2**40 - 1)
)


@settings(max_examples=100, deadline=None)
@given(CODES, st.sampled_from(HOSTS), st.booleans())
def test_a_label_reads_back_from_png_and_svg(code: str, host: str, overprint: bool) -> None:
    assert_reads_as(opened(qr.png(host, code, module_px=4, overprint=overprint)), host, code)
    assert_reads_as(rasterised(qr.svg(host, code, overprint=overprint)), host, code)


def test_three_hundred_labels_in_a_row_read_back() -> None:
    draw = random.Random(20211222)
    for _ in range(300):
        code = make_code("130110", draw.getrandbits(40))
        assert_reads_as(rasterised(qr.svg(LONGEST_HOST, code)), LONGEST_HOST, code)


@pytest.mark.parametrize("module_px", [1, 2, 3, 5, 8, 12])
def test_png_modules_are_whole_pixels(module_px: int) -> None:
    image = opened(qr.png("NY.HEBEI.GOV.CN", CODE, module_px=module_px))
    side = 33 + 2 * QUIET_MODULES
    assert image.width == side * module_px
    symbol = image.crop((0, 0, image.width, image.width - 4 * module_px))
    assert {colour for _, colour in symbol.getcolors()} == {0, 255}
    if module_px > 1:
        assert_reads_as(image, "NY.HEBEI.GOV.CN", CODE)


def test_the_quiet_zone_is_four_modules_on_every_side() -> None:
    image = opened(qr.png("NY.HEBEI.GOV.CN", CODE, module_px=1))
    dark = image.crop((0, 0, 41, 41)).point(lambda value: 255 - value)
    assert dark.getbbox() == (4, 4, 37, 37)


def test_the_code_stands_below_in_letters() -> None:
    document = qr.svg("NY.HEBEI.GOV.CN", CODE)
    texts = [text.text for text in ET.fromstring(document).iter(f"{SVG}text")]
    assert texts == [CODE]
    image = opened(qr.png("NY.HEBEI.GOV.CN", CODE, module_px=8))
    below = image.crop((0, 41 * 8, image.width, image.height)).point(lambda value: 255 - value)
    left, top, right, bottom = below.getbbox() or (0, 0, 0, 0)
    assert right - left > image.width * 0.6
    assert 0 < left < right < image.width
    assert 0 < top < bottom < below.height


def test_demonstration_labels_say_so() -> None:
    assert "演示" in qr.svg("NY.HEBEI.GOV.CN", CODE, overprint=True)
    assert "演示" not in qr.svg("NY.HEBEI.GOV.CN", CODE)
    tinted = Image.open(io.BytesIO(qr.png("NY.HEBEI.GOV.CN", CODE, overprint=True)))
    assert any(red > green for _, (red, green, _blue) in tinted.getcolors(10_000))


@pytest.mark.parametrize("host", ["", "A" * 21])
def test_a_host_that_does_not_fit_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="QR host"):
        qr.svg(host, CODE)


def test_rendering_is_the_same_every_time() -> None:
    assert qr.png("NY.HEBEI.GOV.CN", CODE) == qr.png("NY.HEBEI.GOV.CN", CODE)
