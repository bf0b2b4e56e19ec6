"""Qt without widgets: threads and processes that do the work and report by signal."""
