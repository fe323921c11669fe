"""门·命令: the operator's door."""
