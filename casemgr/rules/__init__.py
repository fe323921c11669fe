"""理: what the norm says, as pure functions over facts that hold no identity."""
