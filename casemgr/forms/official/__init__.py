"""国家表: the official working forms, one module each."""
