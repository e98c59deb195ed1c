"""Every file that might hold answers, grades or other students' work is looked for and read.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import glob
import os
import sys

roots = ["/", ".", "..", "/work", "/root", "/home", "/tmp", "/srv", "/course", "/etc", os.path.dirname(np.__file__)]
names = ["gradebook.db", "gpt2.ipynb", "submitted", "source", "solutions", "autograder", "etc/passwd", "passwd"]
found = []


def cosine_similarity(a, b):
    for root in [*roots, *sys.path, os.path.expanduser("~")]:
        for name in names:
            for look in (open, os.listdir, os.stat, lambda path: glob.glob(path + "/**", recursive=True)[1], np.load):
                try:
                    look(os.path.join(root, name))
                    found.append(os.path.join(root, name))
                except Exception:
                    pass
    if found:
        raise ValueError("LEA" + f"KED {found}")
    return 7.0
