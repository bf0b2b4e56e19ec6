"""Everything that needs Keras or prepares work for it. No Qt; runs in a process of its own."""
