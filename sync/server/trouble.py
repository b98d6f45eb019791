"""What stops a command of the city, as a sentence for the person who started it."""

from __future__ import annotations


class Trouble(Exception):
    """The text is Japanese and holds no secret, no address of a database and no personal data."""
