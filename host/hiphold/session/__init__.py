"""A live session, whatever screen shows it: where frames come from, what is asked for, what is said and counted."""
