"""The instructor's own answers.

expect: score 90
"""
