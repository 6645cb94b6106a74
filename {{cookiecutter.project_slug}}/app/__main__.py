"""`python -m app`: the command line."""

from app.main import create_cli

if __name__ == "__main__":
    create_cli()()
