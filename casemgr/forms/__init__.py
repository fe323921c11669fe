"""表: what is written down, declared once: columns, code lists, what is required, what contradicts."""
