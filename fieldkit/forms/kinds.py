"""The types of questions that the kit knows, and the one form that it knows by name."""

from __future__ import annotations

#: The folder of the 交付申請書: other forms copy answers from it.
APPLICATION = "kofu_shinsei"
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
