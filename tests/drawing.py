"""How many examples hypothesis draws of a test that is too slow for as many as usual."""

from hypothesis import settings


def few(examples: int) -> settings:
    """So many with `make test`, and as many times more with the profile `fresh` as it has for all others."""
    return settings(max_examples=examples * settings.default.max_examples // 100)
