"""Texts about parcels: what is news, whether it is still, and how it is said."""
