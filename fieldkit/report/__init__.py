"""Reports: computed from facts alone, in which there is nobody's name."""
