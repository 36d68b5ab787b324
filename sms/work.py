"""What a use case says when what it was given cannot be used."""

from __future__ import annotations


class UnusablePayloadError(Exception):
    """What arrived makes no sense to us. It is kept, shown with this sentence, and can be retried.

    The sentence names the field and what was expected there, never a person's data.
    """
