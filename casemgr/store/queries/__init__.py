"""查询: questions that need SQL, one noun a file; every function takes a unit of work."""
