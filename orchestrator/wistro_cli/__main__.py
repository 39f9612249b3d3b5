"""`python -m wistro_cli` is `wistro`."""

from wistro_cli.main import main

if __name__ == "__main__":
    main()
