"""`python -m evenface`."""

from evenface.cli.main import main

if __name__ == "__main__":
    main()
