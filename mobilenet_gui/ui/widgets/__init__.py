"""The design's components as widgets. Each says what it is; the style and the tokens say what it looks like."""
