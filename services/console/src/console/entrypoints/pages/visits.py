"""One request for a page: who looks, in which language, at which entity; and what a page answers when it cannot be shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from console.adapters.service_calls import Away, Done, OperatorCalls, Refused, Result, ServiceCalls
from console.entrypoints.pages.languages import Language, language_of
from loyalty_shared.web.credentials import Caller, Credentials, Function

SESSION_COOKIE: Final = "nanzhu_session"
LANGUAGE_COOKIE: Final = "nanzhu_language"
#: Where an entity has no zone on the page: the contract's own.
ZONE: Final = "Asia/Shanghai"

Reasons = tuple[Mapping[str, str], ...]


class SignInNeeded(Exception):
    """The page is for operators, and nobody is signed in."""


class PageProblem(Exception):
    """The page cannot be shown or the form not be done: a stable code, its status, and the reasons of the service that said so."""

    def __init__(self, code: str, status: int, reasons: Reasons = ()) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.reasons = reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What every page is made for. `caller` None: nobody is signed in; `legal_entity` None: the page is of no entity; `path`: the page's own address."""

    language: Language
    caller: Caller | None
    calls: OperatorCalls
    legal_entity: str | None
    path: str

    @property
    def root(self) -> str:
        """The address below which the entity's pages are."""
        return f"/entities/{quote(self.legal_entity or '', safe='')}"

    @property
    def api(self) -> str:
        """The path below which the entity's calls are, in every service."""
        return f"/v1{self.root}"

    @property
    def zone(self) -> str:
        """The zone in which the pages write instants."""
        return ZONE

    @property
    def name(self) -> str:
        """What the operator is called in the head of the page."""
        return "" if self.caller is None else self.caller.operator or self.caller.credential

    def may(self, *functions: str) -> bool:
        """Tell whether the operator has one of the functions."""
        return self.caller is not None and not self.caller.functions.isdisjoint(functions)

    def require(self, *functions: Function) -> None:
        """Raise the problem of an operator who has none of the functions."""
        if not self.may(*functions):
            raise PageProblem("function-not-granted", HTTPStatus.FORBIDDEN)


async def begin_visit(request: Request, services: ServiceCalls) -> Visit:
    """Return the visit of whoever asks, signed in or not."""
    token = request.cookies.get(SESSION_COOKIE)
    credentials: Credentials = request.app.state.credentials
    caller = await run_in_threadpool(credentials.read, token) if token else None  # not from memory: whoever has signed out is out
    return Visit(
        language=language_of(request.cookies, LANGUAGE_COOKIE),
        caller=caller,
        calls=services.as_operator(request.app, token if caller else None, request.client),
        legal_entity=request.path_params.get("legal_entity"),
        path=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
    )


async def begin_operators_visit(request: Request, services: ServiceCalls) -> Visit:
    """Return the visit of a signed-in operator to a page of an entity of theirs. Raises SignInNeeded, PageProblem."""
    visit = await begin_visit(request, services)
    if visit.caller is None:
        raise SignInNeeded
    if visit.legal_entity is not None and visit.legal_entity not in visit.caller.entities:
        raise PageProblem("not-your-entity", HTTPStatus.FORBIDDEN)
    return visit


def body_of(result: Result) -> Mapping[str, object]:
    """Return the answer that a page cannot do without. Raises PageProblem when there is none."""
    match result:
        case Done(body=body):
            return body if isinstance(body, dict) else {}
        case Refused() | Away():
            raise problem_of(result)


def problem_of(result: Refused | Away) -> PageProblem:
    """Return what a page tells when a service refuses or is away."""
    if isinstance(result, Away):
        return PageProblem("service-away", HTTPStatus.SERVICE_UNAVAILABLE, ({"path": result.service, "fault": "", "remedy": ""},))
    if result.status == HTTPStatus.UNAUTHORIZED:  # the console knows the session, this service has not heard of it yet
        return PageProblem("session-not-known-yet", HTTPStatus.SERVICE_UNAVAILABLE, ({"path": result.service, "fault": "", "remedy": ""},))
    return PageProblem(result.code, result.status, result.reasons)


def came_from_own_page(request: Request) -> bool:
    """Tell whether a form was sent from a page of this console: browsers say where a POST comes from; what is no browser holds no operator's cookie."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        return False
    return site in (None, "same-origin", "none")


def local_path(path: str) -> str:
    """Return the address to go on to when it is one of this console's, else the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
