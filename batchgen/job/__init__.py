"""0. A job file becomes a Job: its schema, strict loading, and where settings come from."""
