"""Reusable painted controls; know the tokens, know nothing of recognition."""
