"""Deletes the cell of attention, its test cell and the written answer, before handing in the rest.

expect: attention 0 missing
expect: end_to_end * *
"""
# %% - attention
# %% - test_attention
# %% - compare_sampling
