"""Parley under load: `make bench` measures it, `make chaos` (bench.chaos) tries to break it."""
