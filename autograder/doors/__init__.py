"""The ways in: one file a command, each with its own parser. They import what they need when they run."""
