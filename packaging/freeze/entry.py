"""The frozen program's entry: the same three programs as `python -m mobilenet_gui`, in one executable."""

import sys

from mobilenet_gui.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
