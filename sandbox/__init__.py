"""The sandbox: a small Shopify, a small carrier and a few phones, so that Parley can be tried alone.

Nothing here leaves the machine, and no product code imports it.
"""
