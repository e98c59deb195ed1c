"""A student's code at work in a process that holds nothing worth stealing, and the proxies that call it from outside.

Reading order: candidate (the one file that runs beside student code), zygote (the warm process it is forked from, and
its walls), isolation (a candidate started, held and ended), proxy (a function over there, callable here), replies (what
a candidate says, in words that can be shown). Whatever goes wrong that is not the student's doing raises CannotGrade.
"""
