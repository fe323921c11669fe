"""门·任务: the clock's door; wakes, and leaves the truth to the database."""
