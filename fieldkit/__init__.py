"""出張申請キット: takes My Number Card applications where people are, with no network at all."""

__version__ = "0.1.0"
