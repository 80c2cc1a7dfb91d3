"""Tables.

table.py        the summary of one network
terminal.py     printing it with rich
rows.py         its rows
recurrence.py   steps that recur, shown once
overview.py     several networks side by side
"""
