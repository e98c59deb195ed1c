"""What Moodle and Canvas hand out and take back: archives of submissions, and tables of marks."""
