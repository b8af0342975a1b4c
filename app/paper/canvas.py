"""A canvas to draw PDFs on: Chinese type at hand, pages of any size and number, the same bytes each time."""

import zlib
from typing import IO, Any

from reportlab.pdfbase.pdfdoc import PDFName, PDFStream
from reportlab.pdfgen.canvas import Canvas

from app.paper.fonts import REGULAR, load_fonts

PLATFORM = "河北省农药包装废弃物回收处理监管平台"
MM = 72 / 25.4


class PressedCanvas(Canvas):
    """A canvas that compresses each page as it ends instead of keeping all of them as text."""

    _doc: Any

    def showPage(self) -> None:  # noqa: N802 - the library's name
        """End this page."""
        super().showPage()
        page = self._doc.Pages.pages[-1]
        stream = PDFStream(content=zlib.compress(page.stream.encode("latin-1")))
        stream.dictionary["Filter"] = PDFName("FlateDecode")
        page.Contents, page.stream = stream, None


def canvas_on(file: IO[bytes], *, title: str, size: tuple[float, float]) -> PressedCanvas:
    """Begin a PDF of pages of a size in points; FontsMissing where there is no type for it."""
    load_fonts()
    canvas = PressedCanvas(
        file,
        pagesize=size,
        invariant=1,
        pageCompression=1,
        lang="zh-CN",
        initialFontName=REGULAR,  # type: ignore[arg-type] # the stubs say a number
    )
    canvas.setTitle(title)
    canvas.setAuthor(PLATFORM)
    canvas.setCreator(PLATFORM)
    canvas.setCatalogEntry("ViewerPreferences", {"DisplayDocTitle": True})
    return canvas
