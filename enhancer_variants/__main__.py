"""``python -m enhancer_variants``."""

from enhancer_variants.cli import main

if __name__ == "__main__":
    main()
