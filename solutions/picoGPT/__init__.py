"""The answer key: GPT-2 as a textbook would write it, importable as the course's first notebook did."""  # noqa: N999
