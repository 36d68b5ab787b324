"""Acts that make no sense in the state a shop is in, each with a sentence for people."""

from __future__ import annotations

REFUSALS = {
    "nothing_chosen": "Choose at least one item first.",
    "not_so_many": "There are not that many left to ship.",
    "no_number": "That is no phone number. With its country it looks like +1 415 555 0101.",
    "nothing_left": "Everything in this order has already been shipped.",
    "cancelled": "This order was cancelled, so nothing more can happen to it.",
    "already_shipped": "Part of this order has left already, so it cannot be cancelled.",
    "not_travelling": "Nothing in this parcel travels, so there is nothing to scan.",
}


class Refused(Exception):
    """The act makes no sense now. `code` is stable, `sentence` is for people."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.sentence = REFUSALS[code]
        super().__init__(self.sentence)
