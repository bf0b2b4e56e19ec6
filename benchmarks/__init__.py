"""What must be fast, measured side by side with its rival; never part of the tests."""
