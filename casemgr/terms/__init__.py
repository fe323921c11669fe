"""词: what the words of the field mean, as coded terms; imports nothing of casemgr but itself."""
