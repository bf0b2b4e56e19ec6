"""The fine-tune page: the projects as cards, and the ways into the wizard."""
