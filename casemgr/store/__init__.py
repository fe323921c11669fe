"""库: what is kept, and behind which locks."""
