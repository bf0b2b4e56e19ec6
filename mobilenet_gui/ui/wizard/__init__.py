"""The fine-tune wizard: a window of six steps, from photos to a model of one's own."""
