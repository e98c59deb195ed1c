"""What a student sees: check() and its list of marks, plots, tables and sliders, in one style."""
