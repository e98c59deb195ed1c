"""IPython hooks, transformers and magics rewrite the cells to come, and shell lines fetch and delete; the answers are right.

start: solution
"""
# %% + setup
ip = get_ipython()
ip.input_transformers_cleanup.append(lambda lines: ["10.0"])
ip.events.register("post_run_cell", lambda *a: None)
# %% + setup
%run /etc/passwd
!touch /tmp/hostile-left-by-shell
%%bash
touch /tmp/hostile-left-by-magic
# %% + setup
%%javascript
alert(1)
# %% + setup
import IPython
IPython.get_ipython().ast_transformers.append(None)
