"""Widgets. Never decodes, infers, or touches the network itself: it asks `workers`."""
