"""A student's notebook: found, read as data, compared with the release, made safe to show. Nothing here runs it."""
