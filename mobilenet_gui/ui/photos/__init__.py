"""The Photos page: drop, look, read the answer."""
