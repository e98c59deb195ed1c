"""Many notebooks at once: a record for each, whoever dies, on this machine's cores or on other machines.

There is one loop (batch.spread) over an executor of `concurrent.futures` that says three things more: `local`, whether
paths mean the same there; `died`, what a call raises that ended its process; `sure`, whether it was that call and not a
neighbour's.
"""
