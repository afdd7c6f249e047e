"""Django's SQLite backend with a fair place in the queue for every writer (`ENGINE = "pyros.sqlite"`)."""
