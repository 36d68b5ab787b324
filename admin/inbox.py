"""The shared inbox: the list, the thread, and what keeps an open screen up to date.

Every part of the page is a template of its own (templates/admin/inbox), and the live update sends
the very same parts again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from admin.inbox_parts import Parts, Reading, screen_of
from models import ShopSession
from route_access import authenticated_by
from services import Services
from shopify.auth import merchant
from sms.delivery.segments import count
from sms.inbox import desk
from sms.inbox.changes import look
from sms.inbox.desk import Done, NewTextArrived, TakenBy
from sms.inbox.presence import note_presence
from sms.inbox.replies import AnsweredMeanwhile, Draft, Refused, Sent, clean, send_reply
from sms.inbox.thread import texts_of

SESSION_TOKEN = "Shopify session token"  # noqa: S105 - says how a route is protected
PANE = "X-Parley-Pane"
LONGEST_NONCE = 64
LARGEST_REPLY_BYTES = 16 * 1024 * 1024
LONGEST_COUNTED = 4000


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the inbox's pages and what they ask for."""
    _register_pages(blueprint, services)
    _register_live(blueprint, services)
    _register_answers(blueprint, services)
    _register_desk(blueprint, services)


def _reading(services: Services, session: ShopSession) -> Reading:
    media_url = partial(services.media_links.shown, merchant().shop_id)
    return Reading(session, merchant().user_id, services.clock(), media_url)


def _register_pages(blueprint: Blueprint, services: Services) -> None:
    def show(conversation_id: uuid.UUID | None) -> str:
        screen = screen_of(request.args, me=merchant().user_id, open_id=conversation_id)
        with services.database.shop_session(merchant().shop_id) as session:
            reading = _reading(services, session)
            # Looked at first: what changes while the rest is read shows up in the next look.
            seen = look(session, screen.wanted, conversation_id, now=reading.now).now
            # The list is on the screen already where only a conversation is asked for.
            pane_only = conversation_id is not None and PANE in request.headers
            context = reading.pane(screen) if pane_only else reading.page(screen)
            if conversation_id is not None and context["thread"] is None:
                abort(404)
            page = "pane" if pane_only else "inbox"
            return render_template(f"admin/inbox/{page}.html", seen=seen, **context)

    @blueprint.get("/inbox")
    @authenticated_by(SESSION_TOKEN)
    def inbox() -> str:
        return show(None)

    @blueprint.get("/inbox/<uuid:conversation_id>")
    @authenticated_by(SESSION_TOKEN)
    def conversation(conversation_id: uuid.UUID) -> str:
        return show(conversation_id)

    @blueprint.get("/inbox/<uuid:conversation_id>/texts")
    @authenticated_by(SESSION_TOKEN)
    def earlier_texts(conversation_id: uuid.UUID) -> ResponseReturnValue:
        before = _id(request.args.get("before"))
        with services.database.shop_session(merchant().shop_id) as session:
            reading = _reading(services, session)
            texts = texts_of(
                session, conversation_id, me=reading.me, now=reading.now, before=before
            )
            parts = Parts(reading)
            parts.add("earlier", "texts", texts=texts, open_id=conversation_id)
            return parts.response()


def _register_live(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/inbox/changes")
    @authenticated_by(SESSION_TOKEN)
    def changes() -> ResponseReturnValue:
        asked = request.args
        open_id = _id(asked.get("open"))
        screen = screen_of(asked, me=merchant().user_id, open_id=open_id)
        with services.database.shop_session(merchant().shop_id) as session:
            reading = _reading(services, session)
            seen = look(session, screen.wanted, open_id, now=reading.now)
            is_typing = asked.get("typing") == "1"
            if open_id is not None and seen.now.thread and (seen.must_note_presence or is_typing):
                note_presence(session, open_id, me=reading.me, is_typing=is_typing, now=reading.now)
            parts = Parts(reading)
            if asked.get("list") != seen.now.list:
                parts.add_list(screen, seen.now)
            moved = asked.get("thread") != seen.now.thread or asked.get("people") != seen.now.people
            if open_id is not None and seen.now.thread and moved:
                parts.add_thread(screen, seen.now)
            return parts.response() if parts else Response(status=204)

    @blueprint.post("/inbox/<uuid:conversation_id>/read")
    @authenticated_by(SESSION_TOKEN)
    def read(conversation_id: uuid.UUID) -> ResponseReturnValue:
        seen = _id(request.form.get("seen"))
        if seen is not None:
            with services.database.shop_session(merchant().shop_id) as session:
                desk.mark_read(session, conversation_id, seen=seen)
        return Response(status=204)


def _register_answers(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/inbox/segments")
    @authenticated_by(SESSION_TOKEN)
    def segments() -> ResponseReturnValue:
        size = count(clean(request.form.get("body", "")[:LONGEST_COUNTED]))
        return {"encoding": size.encoding, "parts": size.parts, "units": size.units}

    @blueprint.post("/inbox/<uuid:conversation_id>/replies")
    @authenticated_by(SESSION_TOKEN)
    def reply(conversation_id: uuid.UUID) -> ResponseReturnValue:
        # Beyond what may be sent, so that a little too much is answered with a sentence.
        request.max_content_length = LARGEST_REPLY_BYTES
        form = request.form
        nonce = form.get("nonce", "")
        if not 0 < len(nonce) <= LONGEST_NONCE:
            abort(400)
        draft = Draft(
            body=form.get("body", ""),
            nonce=nonce,
            replies=form.get("replies", 0, type=int),
            # A box without pictures sends one file without a name.
            files=tuple(file.read() for file in request.files.getlist("files") if file.filename),
        )
        with services.database.shop_session(merchant().shop_id) as session:
            reading = _reading(services, session)
            reading.must_have(conversation_id)
            result = send_reply(
                session, conversation_id, draft, staff_id=reading.me, now=reading.now
            )
        # Read again in a transaction of its own: what it shows is committed.
        with services.database.shop_session(merchant().shop_id) as session:
            reading = _reading(services, session)
            screen = screen_of(form, me=reading.me, open_id=conversation_id)
            parts = Parts(reading)
            parts.add_thread(screen)
            if isinstance(result, Refused):
                parts.add("notice", "refused", refused=result)
            elif isinstance(result, AnsweredMeanwhile):
                parts.add("notice", "answered_meanwhile", theirs=result)
            elif isinstance(result, Sent) and result.waits_until:
                parts.add("waits", "waits", sent=result)
            return parts.response(outcome=_OUTCOMES[type(result).__name__])


_OUTCOMES = {
    "Sent": "sent",
    "SentBefore": "sent",
    "Refused": "refused",
    "AnsweredMeanwhile": "ask",
}


def _register_desk(blueprint: Blueprint, services: Services) -> None:
    def act(
        conversation_id: uuid.UUID,
        change: Callable[[ShopSession, Reading], Done | TakenBy | NewTextArrived],
    ) -> ResponseReturnValue:
        with services.database.shop_session(merchant().shop_id) as session:
            reading = _reading(services, session)
            reading.must_have(conversation_id)
            result = change(session, reading)
        with services.database.shop_session(merchant().shop_id) as session:
            reading = _reading(services, session)
            screen = screen_of(request.form, me=reading.me, open_id=conversation_id)
            parts = Parts(reading)
            parts.add_thread(screen)
            return parts.response(toast=_said(result, reading.me))

    @blueprint.post("/inbox/<uuid:conversation_id>/assign")
    @authenticated_by(SESSION_TOKEN)
    def assign(conversation_id: uuid.UUID) -> ResponseReturnValue:
        to, expected = _id(request.form.get("to")), _id(request.form.get("expected"))

        def change(session: ShopSession, reading: Reading) -> Done | TakenBy:
            if to is not None and not reading.is_staff(to):
                abort(400)
            return desk.assign(session, conversation_id, to=to, expected=expected)

        return act(conversation_id, change)

    @blueprint.post("/inbox/<uuid:conversation_id>/close")
    @authenticated_by(SESSION_TOKEN)
    def close(conversation_id: uuid.UUID) -> ResponseReturnValue:
        seen = _id(request.form.get("seen"))
        return act(
            conversation_id,
            lambda session, reading: desk.close(
                session, conversation_id, seen=seen, now=reading.now
            ),
        )

    @blueprint.post("/inbox/<uuid:conversation_id>/reopen")
    @authenticated_by(SESSION_TOKEN)
    def reopen(conversation_id: uuid.UUID) -> ResponseReturnValue:
        return act(conversation_id, lambda session, _: desk.reopen(session, conversation_id))


def _said(result: Done | TakenBy | NewTextArrived, me: uuid.UUID) -> str | None:
    match result:
        case TakenBy(user_id=None):
            return "A colleague has just given this conversation back."
        case TakenBy(user_id=user_id) if user_id == me:
            return "This conversation is yours already."
        case TakenBy(name=name):
            return f"{name or 'A colleague'} has just taken this conversation."
        case NewTextArrived():
            return "A new text has just arrived. Have a look before you close this."
        case Done():
            return None


def _id(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None
