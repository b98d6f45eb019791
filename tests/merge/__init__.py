"""The rules by which two people's changes of one record become one (sync/merge.py)."""
