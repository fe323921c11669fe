"""接口第一版: one noun a file."""
