"""The notebook as it was released.

start: release
expect: * 0 missing
expect: score 0
"""
