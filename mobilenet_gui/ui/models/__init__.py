"""The Models page: catalogue, downloads, imports."""
