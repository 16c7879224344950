"""The studio over HTTP: the only place that knows FastAPI."""
