"""`/problems`: what every type of problem means. The addresses stand in each problem's `type`.

No session and no database: these pages must also explain that the database is away.
"""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.error_handlers import status_of
from app.errors import NotFound, every_problem
from app.ops.remedies import REMEDIES
from app.templating import render

router = APIRouter(include_in_schema=False)


@router.get("/problems")
async def list_problems(request: Request) -> HTMLResponse:
    problems = [
        {"name": kind.name, "title": kind.title[0], "status": status_of(kind())}
        for kind in every_problem()
    ]
    return render(request, "problem_list.html", {"problems": problems})


@router.get("/problems/{name}")
async def show_problem(request: Request, name: str) -> HTMLResponse:
    kind = next((kind for kind in every_problem() if kind.name == name), None)
    if kind is None:
        raise NotFound(what=f"/problems/{name}")
    remedy = REMEDIES[name]
    shown = {
        "name": name,
        "title": kind.title[0],
        "explanation": remedy.when,
        "advice": remedy.advice,
        "status": status_of(kind()),
    }
    return render(request, "problem_page.html", shown)
