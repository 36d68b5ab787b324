"""`make run`. Only an entrance: what a run does is in `local/order.py`."""

import sys


def main() -> int:
    try:
        # Here, not above: imports take a third of a second, and Ctrl-C may strike meanwhile.
        from local.order import run_parley

        return run_parley()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
