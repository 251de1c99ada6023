#!/usr/bin/env python3
"""The rnsd of RNS as it is on PyPI, which also ends, at once, when its standard input does: so it never outlives who started it."""

import faulthandler
import os
import signal
import sys
import threading

sys.dont_write_bytecode = True


def end_with_input():
    while os.read(0, 4096):
        pass
    os._exit(0)


def main():
    faulthandler.register(signal.SIGUSR1)
    threading.Thread(target=end_with_input, daemon=True).start()
    sys.stdout.reconfigure(line_buffering=True)
    from RNS.Utilities import rnsd

    rnsd.main()


if __name__ == "__main__":
    main()
