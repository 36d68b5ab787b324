"""How a route knows who is asking. Every route says it; a test refuses one that does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

View = TypeVar("View", bound=Callable[..., object])

_ACCESS = "__parley_access__"


def authenticated_by(how: str) -> Callable[[View], View]:
    """Declare what proves the caller's identity, such as "Shopify HMAC"."""

    def mark(view: View) -> View:
        setattr(view, _ACCESS, how)
        return view

    return mark


def open_to_all(because: str) -> Callable[[View], View]:
    """Declare a route that anyone may call, and why that is safe."""
    return authenticated_by(f"nobody: {because}")


def access_of(view: Callable[..., object]) -> str | None:
    """Return what a view declared, or None for one that declared nothing."""
    declared: str | None = getattr(view, _ACCESS, None)
    return declared
