"""`python -m tween4d.cli`."""

from tween4d.cli.main import main

if __name__ == "__main__":
    main()
