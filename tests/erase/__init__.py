"""What a searcher with every key finds on the raw disk after a trip has ended."""
