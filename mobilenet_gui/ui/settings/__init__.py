"""The parts of the settings page: rows bound to the table of settings, and what is said about the program."""
