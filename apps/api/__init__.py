"""House style of the HTTP API: problem documents, pages, schema."""
