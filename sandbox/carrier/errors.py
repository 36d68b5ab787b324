"""The carrier's refusals: Twilio's codes, the HTTP status they come with, and their sentences."""

from __future__ import annotations

import json

from flask import Response

# Facts 1.6. Sentences as Twilio words them; callers must go by the code, as Twilio itself asks.
REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "Parameter error"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20405: (405, "Method not allowed"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service Unavailable"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region of the 'To' number",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The 'From' number is not a valid, message-capable Twilio number for this destination.",
    ),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The message cannot be sent with the current combination of 'To' and 'From'"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21620: (400, "Invalid media URL(s)"),
    21623: (400, "Number of media files exceeds the maximum of 10"),
    21701: (400, "The Messaging Service does not exist"),
    30409: (400, "The message is no longer in a state in which it can be canceled"),
}

# What a message resource says in error_message once it failed after being accepted (facts 1.6).
DELIVERY_FAILURES: dict[int, str] = {
    11200: "HTTP retrieval failure",
    12300: "Invalid Content-Type",
    30001: "Queue overflow",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30017: "Carrier network congestion",
    30019: "Content size exceeds carrier limit",
    30022: "US A2P 10DLC - Rate Limits Exceeded",
    30023: "US A2P 10DLC - Daily Message Cap Reached",
    30027: "US A2P 10DLC - T-Mobile Daily Message Limit Reached",
    30032: "Toll-Free Number Has Not Been Verified",
    30034: "US A2P 10DLC - Message from an Unregistered Number",
}


class Refused(Exception):
    """The request is refused with one of Twilio's codes; nothing was accepted."""

    def __init__(self, code: int, detail: str = "") -> None:
        status, sentence = REFUSALS[code]
        super().__init__(f"{sentence} {detail}".strip())
        self.code = code
        self.status = status

    def answer(self) -> Response:
        response = as_json(
            {
                "code": self.code,
                "message": str(self),
                "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
                "status": self.status,
            },
            status=self.status,
        )
        if self.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        if self.status == 429:
            response.headers["Retry-After"] = "1"
        return response


def as_json(value: object, *, status: int = 200) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status=status, content_type="application/json; charset=utf-8")
