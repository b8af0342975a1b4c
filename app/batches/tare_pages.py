"""The page on which a container's tare is entered."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import require
from app.batches.schemas import MAX_TARE_G
from app.batches.tare import container_label, set_tare
from app.batches.typed import typed_code
from app.db import Databases, Reading
from app.templating import render
from app.typed_numbers import in_kilograms, scaled

router = APIRouter(include_in_schema=False)

UNFIT = 422
WRONG = f"请填千克数，至多 {MAX_TARE_G // 1000}，最多三位小数，例如 15.5"


@router.get("/labels/{code}/tare")
async def show_tare(request: Request, code: str, caller: SignedIn, session: Reading) -> Response:
    parsed = typed_code(code, pointer="/path/code")
    label = await container_label(session, caller, parsed)
    values = {"code": parsed, "value": in_kilograms(label.tare_g), "error": ""}
    return render(request, "label_tare.html", values)


@router.post("/labels/{code}/tare", dependencies=[Depends(require_same_origin)])
async def post_tare(request: Request, code: str, caller: Visitor, database: Databases) -> Response:
    form = await request.form()
    if caller is None:
        return ask_to_sign_in(request, fields_of(form))
    require(caller, "labels.tare")
    parsed = typed_code(code, pointer="/path/code")
    text = str(form.get("tare_kg", ""))
    tare_g = _grams(text)
    if tare_g is None or form.get("resumed"):
        wrong = "" if form.get("resumed") else WRONG
        values = {"code": parsed, "value": text, "error": wrong}
        return render(request, "label_tare.html", values, UNFIT if wrong else 200)
    async with database.write() as session:
        await set_tare(session, caller, parsed, tare_g)
    return RedirectResponse(f"/batches/{parsed}", 303)


def _grams(text: str) -> int | None:
    try:
        grams = scaled(text, 3)
    except ValueError:
        return None
    return grams if grams is not None and grams <= MAX_TARE_G else None
