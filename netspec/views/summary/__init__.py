"""Tables.

table.py        the summary of one network
terminal.py     printing it with rich
rows.py         its rows
recurrence.py   recurring steps, shown once
overview.py     several networks side by side
"""
