"""现场登记: the shell of the phone's page, and the service worker that keeps it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.capture import shell
from app.templating import render

router = APIRouter(include_in_schema=False)

ASK_EACH_TIME = {"Cache-Control": "no-cache"}
"""The browser keeps it, and asks each time whether it is still the one."""


@router.get(shell.PAGE)
async def show_capture(request: Request) -> Response:
    page = render(request, "capture/capture.html", shell.values())
    page.headers.update(ASK_EACH_TIME)
    return page


@router.get("/sw.js")
async def get_worker(request: Request) -> Response:
    page = render(request, "capture/capture.html", shell.values())
    return Response(
        shell.worker(bytes(page.body)), media_type="text/javascript", headers=ASK_EACH_TIME
    )
