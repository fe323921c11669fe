"""网页门: the Chinese pages for staff, closed by default."""
