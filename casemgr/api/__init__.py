"""门·接口: the JSON door for programs, described by its own OpenAPI document."""
