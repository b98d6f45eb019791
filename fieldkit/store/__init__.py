"""The encrypted store: nothing here knows a screen, a network or a rule of the work."""
