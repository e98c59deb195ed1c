"""The grader: a student's function is a remote procedure, judged from outside.

docs/architecture.md shows the rooms and in which order to read them.
"""
