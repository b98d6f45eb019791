"""The types of questions that the kit knows, by what they do on the screen."""

from __future__ import annotations

#: What ODK lets a device say about itself. The kit records none of it in a form: who did what
#: and when is in its ledger. Such a row is loaded and stays blank.
META = frozenset(
    {
        "start",
        "end",
        "deviceid",
        "username",
        "email",
        "phonenumber",
        "simserial",
        "subscriberid",
        "audit",
    }
)
#: Types that nobody sees: their values come from rules, or from nowhere.
UNSEEN = frozenset({"calculate", "hidden", "today", "photo"}) | META
#: Types that show something, or nothing, but never take an answer.
SILENT = frozenset({"note"}) | UNSEEN
