"""A mark explained to the person who answers for it: what was asked, what came, what should have come.

All of it tells hidden cases, so none of it goes into a record, and nothing of the other rooms imports this one.
"""
