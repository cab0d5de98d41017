"""`python -m kinesight` is the command `kinesight`."""

from kinesight.cli import main

if __name__ == "__main__":
    main()
