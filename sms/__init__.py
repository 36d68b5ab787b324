"""Everything about texting people: numbers, what a text means, what may be sent, how it leaves.

This room knows nothing of Flask, Redis, RQ or Shopify. What it needs from a store it declares as
a protocol of its own; what it wants done later it writes as a row. Most of its modules are pure:
values in, values out, with `now` as an argument.
"""
