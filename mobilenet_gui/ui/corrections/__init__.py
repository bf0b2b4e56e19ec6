"""Sending a wrong answer to its right class, from Photos and Live."""
