"""Texts from phones: stored, answered by the network where it does that, handed to the webhook."""

from __future__ import annotations

import mimetypes
from html.parser import HTMLParser

from sandbox.carrier.accounts import Account
from sandbox.carrier.life import API_VERSION
from sandbox.carrier.store import Message
from sandbox.carrier.webhooks import Outcome

# Area code to what Twilio's FromCity and friends would say; unknown ones are sent empty.
_PLACES = {
    "415": ("SAN FRANCISCO", "CA", "94105", "US"),
    "212": ("NEW YORK", "NY", "10002", "US"),
    "514": ("MONTREAL", "QC", "", "CA"),
    "312": ("CHICAGO", "IL", "60614", "US"),
    "206": ("SEATTLE", "WA", "98101", "US"),
    "303": ("DENVER", "CO", "80202", "US"),
}
_NOWHERE = ("", "", "", "US")


def inbound_params(message: Message, account: Account, *, keyword: str) -> dict[str, str]:
    """The form an inbound webhook carries (facts 1.3)."""
    params = {
        "ToCountry": "US",
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "Body": message.body,
        "To": message.recipient,
        "NumSegments": str(message.segments),
        "MessageSid": message.sid,
        "AccountSid": message.account_sid,
        "From": message.sender,
        "ApiVersion": API_VERSION,
    }
    for end, number in (("From", message.sender), ("To", message.recipient)):
        city, state, zip_code, country = _PLACES.get(number[2:5], _NOWHERE)
        params |= {f"{end}City": city, f"{end}State": state}
        params |= {f"{end}Zip": zip_code, f"{end}Country": country}
    for index, url in enumerate(message.media):
        params[f"MediaUrl{index}"] = url
        params[f"MediaContentType{index}"] = mimetypes.guess_type(url)[0] or "image/jpeg"
    if account.messaging_service_sid:
        params["MessagingServiceSid"] = account.messaging_service_sid
    if account.advanced_opt_out and keyword:
        params["OptOutType"] = keyword
    return params


def replies_in(outcome: Outcome) -> list[tuple[str, tuple[str, ...]]]:
    """Texts and media the webhook's answer asks to be sent back.

    As with Twilio, a text/plain body is a reply as it stands: an app that answers "OK" texts "OK".
    """
    if outcome.problem or not outcome.body.strip():
        return []
    kind = outcome.content_type.partition(";")[0].strip().lower()
    if kind == "text/plain":
        return [(outcome.body.strip(), ())]
    if kind not in ("text/xml", "application/xml", ""):
        return []
    parser = _TwimlMessages()
    parser.feed(outcome.body)
    return [(body.strip(), tuple(media)) for body, media in parser.found if body.strip() or media]


class _TwimlMessages(HTMLParser):
    """Collects <Message> verbs. A lenient parser without entities of its own cannot be bombed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, list[str]]] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside.append(tag)
        if tag in ("message", "sms"):
            self.found.append(("", []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """<Response/> and the like say nothing."""

    def handle_endtag(self, tag: str) -> None:
        if self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.found or not {"message", "sms"} & set(self._inside):
            return
        body, media = self.found[-1]
        if self._inside[-1] == "media":
            media.append(data.strip())
        else:
            self.found[-1] = (body + data, media)
