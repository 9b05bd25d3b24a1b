"""python -m egoprog.study: see `command`."""

import sys

from egoprog.study.command import main

if __name__ == "__main__":
    sys.exit(main())
