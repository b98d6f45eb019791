"""How a laptop and the city server exchange signed, sealed things. Never imports `fieldkit`."""
