"""What the pages load in the browser, served by the console itself: its own style and script, and three locked packages. Nothing comes from elsewhere."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from loyalty_shared.web import problems
from loyalty_shared.web.problems import ProblemError, Reason

OWN: Final = Path(__file__).parent / "static"
#: Of a package only these files are served: name in the address > file below the directory of the packages.
FROM_PACKAGES: Final[Mapping[str, str]] = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "echarts.js": "echarts/dist/echarts.common.min.js",
}
#: The packages' versions, as the lock file has them: with another one, assets have another address.
LOCKED: Final[Mapping[str, str]] = {"@tabler/core": "1.6.1", "htmx.org": "2.0.11", "echarts": "6.1.0"}
OWN_FILES: Final = tuple(sorted(path.name for path in OWN.iterdir()))
MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def _version() -> str:
    """Return what stands in the assets' address, so that a browser keeps them until they change: a digest of ours and of the packages' versions."""
    digest = hashlib.sha256()
    for name in OWN_FILES:
        digest.update((OWN / name).read_bytes())
    digest.update(repr(sorted(LOCKED.items())).encode())
    return digest.hexdigest()[:12]


VERSION: Final = _version()


def assets_router(packages: Path | None) -> APIRouter:
    """Return the route of the assets. `packages`: the directory of the browser packages by name; None: they are not there, and pages are plain."""
    router = APIRouter(include_in_schema=False)

    @router.get("/assets/{version}/{name}")
    def get_asset(version: str, name: str) -> Response:
        """Give an asset to a browser."""
        path = _path_of(name, packages)
        if path is None or not path.is_file():
            raise ProblemError(problems.NOT_FOUND, [Reason("path.name", f"no asset {name}", "Run `nanzhu fetch` when the browser packages are missing.")])
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=HEADERS)

    return router


def _path_of(name: str, packages: Path | None) -> Path | None:
    if name in OWN_FILES:
        return OWN / name
    if name in FROM_PACKAGES and packages is not None:
        return packages / FROM_PACKAGES[name]
    return None
