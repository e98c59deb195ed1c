"""Without the cells of attention, its test and the written answer.

expect: attention 0 missing
"""
# %% - attention
# %% - test_attention
# %% - compare_sampling
