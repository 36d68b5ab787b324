"""What the carrier does with STOP, START and HELP before an app hears of them (facts 1.8)."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.carrier.accounts import Account
from sandbox.carrier.store import Store

# Twilio's default filter; REVOKE and OPTOUT since 2025. Whole message only, any case, no spaces.
_STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
_START = {"START", "YES", "UNSTOP"}
_HELP = {"HELP", "INFO"}

# The toll-free network knows one word to close and two to open; YES opens nothing.
_TOLL_FREE_STOP = {"STOP"}
_TOLL_FREE_START = {"START", "UNSTOP"}

_DEFAULT_REPLIES = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from "
            "this number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP "
             "for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}  # fmt: skip
_NETWORK_REPLIES = {
    "STOP": 'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this '
            'number. Text back "unstop" to receive messages again.',
    "START": 'NETWORK MSG: You have replied "unstop" and will begin receiving messages again from '
             "this number.",
}  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """What the carrier made of an inbound text: STOP, START, HELP or "" and its own reply."""

    keyword: str = ""
    reply: str = ""


def listen(store: Store, account: Account, *, phone: str, body: str, now: float) -> Heard:
    """Block or unblock `phone` for the account's number as the text asks, and say what to reply."""
    if not account.answers_stop_itself:
        return Heard()
    word = body.strip().upper()
    if account.is_toll_free:
        keyword = _keyword(word, _TOLL_FREE_STOP, _TOLL_FREE_START, set())
        replies = _NETWORK_REPLIES
    else:
        keyword = _keyword(word, _STOP, _START, _HELP)
        replies = _DEFAULT_REPLIES
    if keyword == "STOP":
        store.block(account.number, phone, now=now)
    if keyword == "START" and not store.unblock(account.number, phone):
        return Heard(keyword)  # "yes" from someone who never left is just a word
    return Heard(keyword, replies.get(keyword, ""))


def _keyword(word: str, stop: set[str], start: set[str], help_: set[str]) -> str:
    if word in stop:
        return "STOP"
    if word in start:
        return "START"
    return "HELP" if word in help_ else ""
