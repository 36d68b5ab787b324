"""Pictures and files of texts, for whoever holds a signed link that has not ended."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, abort, request
from sqlalchemy import select

from models import Media
from models.enums import MediaState
from route_access import authenticated_by
from services import Services
from sms.media.types import EXTENSIONS, SHOWN_INLINE, kind_of

# Whoever opens the file itself gets a page that can do nothing, whatever is in the file.
ALONE = (
    "default-src 'none'; img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)
ENDED = "Links to pictures work for a few minutes only. Open the conversation again for a new one."


def create_blueprint(services: Services) -> Blueprint:
    """Make the route of the links that `sms.media.links` signs."""
    blueprint = Blueprint("media", __name__)

    @blueprint.get("/media/<token>")
    @authenticated_by("a signed link that names the file and soon ends")
    def show(token: str) -> Response:
        opened = services.media_links.read(token)
        if opened is None:
            abort(HTTPStatus.NOT_FOUND)
        if opened.has_ended:
            abort(HTTPStatus.GONE, ENDED)
        with services.database.shop_session(opened.shop_id) as session:
            query = select(Media).where(
                Media.id == opened.media_id, Media.state == MediaState.STORED
            )
            media = session.scalars(query).first()
            data = None if media is None else services.media_store.read(session, media.id)
            if media is None or data is None or media.content_type not in EXTENSIONS:
                abort(HTTPStatus.NOT_FOUND)
            return _answer(media, data, seconds=int(opened.left.total_seconds()))

    return blueprint


def _answer(media: Media, data: bytes, *, seconds: int) -> Response:
    kind = media.content_type
    answer = Response(data, content_type=kind)
    shown = "inline" if kind.startswith(SHOWN_INLINE) else "attachment"
    # Our own words: what the sender called it may hold anything.
    name = f"{kind_of(kind).lower().replace(' ', '-')}-{media.position + 1}.{EXTENSIONS[kind]}"
    answer.headers["Content-Disposition"] = f'{shown}; filename="{name}"'
    answer.headers["Content-Security-Policy"] = ALONE
    answer.headers["Cache-Control"] = f"private, max-age={seconds}, immutable"
    if media.sha256 is not None:
        answer.set_etag(media.sha256.hex())
    # Players of video ask for parts.
    answer.make_conditional(request.environ, accept_ranges=True, complete_length=len(data))
    return answer
