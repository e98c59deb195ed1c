"""Without the cells of attention, its test and the written answer.

expect: attention 0 missing
expect: end_to_end * *
"""
# %% - attention
# %% - test_attention
# %% - compare_sampling
