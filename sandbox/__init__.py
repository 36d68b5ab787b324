"""The sandbox: a small Shopify, a small carrier and a few phones, to try Parley alone.

Nothing here leaves the machine, and no product code imports it.
"""
