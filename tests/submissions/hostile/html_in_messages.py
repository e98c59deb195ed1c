"""Messages, names and notes are full of HTML, scripts, Markdown and terminal codes.

expect: cosine_similarity 0 error
expect: softmax 0 failed
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("<img src=x onerror=alert(1)> </script><script>alert(1)</script> [x](javascript:alert(1)) \x1b]0;x\x07")
# %% softmax
def softmax(x):
    return type("<script>alert(1)</script>", (), {})()
# %% + end
raise type("<b onmouseover=alert(1)>", (Exception,), {})("]]> & <!-- ```")
