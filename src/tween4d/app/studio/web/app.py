"""The application: parts put together, and the page's own files."""

from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi

from tween4d.app.run import own_version
from tween4d.app.studio.web import about, exports, jobs, pictures, problems
from tween4d.app.studio.web.context import Studio
from tween4d.app.studio.web.guard import Guard
from tween4d.app.studio.web.models import JobOrder

KINDS = {"html": "text/html; charset=utf-8", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def create_app(studio: Studio) -> FastAPI:
    """The application of a studio whose threads are started and stopped by somebody else."""

    app = FastAPI(
        title="tween4d studio",
        version=own_version(),
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.studio = studio
    problems.install(app)
    for router in (pictures.router, jobs.router, exports.router, about.router):
        app.include_router(router)
    _serve_page(app)
    app.add_middleware(Guard, settings=studio.settings)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _serve_page(app: FastAPI) -> None:
    """The page's files are read once, by the names they have here; no name of a client's is looked up on disk."""
    folder = files("tween4d.app.studio").joinpath("page")
    contents = {
        entry.name: (entry.read_bytes(), KINDS[entry.name.rpartition(".")[2]])
        for entry in folder.iterdir()
        if entry.name.rpartition(".")[2] in KINDS
    }

    @app.get("/", include_in_schema=False)
    def _page() -> Response:
        content, kind = contents["index.html"]
        return Response(content, media_type=kind)

    @app.get("/page/{name}", include_in_schema=False)
    def _file(name: str) -> Response:
        if name not in contents:
            raise problems.Refused(404, "there is no such file")
        content, kind = contents[name]
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})


def _described(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        told = get_openapi(title=app.title, version=app.version, routes=app.routes)
        # The body of one operation is described by hand, so its model must be added by hand.
        order = JobOrder.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = told["components"]["schemas"]
        for name, schema in order.pop("$defs", {}).items():
            schemas.setdefault(name, schema)
        schemas["JobOrder"] = order
        told["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        told["security"] = [{"key": []}, {}]
        app.openapi_schema = told
    return app.openapi_schema
