"""Everything that speaks Shopify.

ShopifyAPI's import name is `shopify`, and so is this folder. The path is extended over both, so
that the library's modules and ours can be imported side by side; a test keeps our modules from
taking one of its names. The library's global session leaks between threads and shops and is
never used.
"""

from __future__ import annotations

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)

# The library reads `shopify.VERSION` while it is being imported, so this comes first.
from shopify.version import VERSION

# isort: split
from shopify.resources import GraphQL, ShopifyResource
from shopify.session import Session

__all__ = ["VERSION", "GraphQL", "Session", "ShopifyResource"]
