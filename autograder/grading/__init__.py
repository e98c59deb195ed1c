"""Grading: a notebook's functions, called through proxies, judged by the exercises, written down in one record.

`Grader.grade` is what every door calls, so every door gives the same score. A mistake is paid for once
(follow_through), a verdict is found once (verdicts), and before the first student the answer key must get full marks.
"""

from autograder.grading.grader import Grader

__all__ = ["Grader"]
