"""The REST API: what the pages show, as JSON, and one way in for notices."""
