"""测速: what the product costs beside the floor it stands on, measured in the same run."""
