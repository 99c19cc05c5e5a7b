"""Other trainers and simulators, each in a process of its own that measures itself when asked.

The protocol: the child warms up and prints a line "ready"; then, for each line on its standard
input (about how many seconds to measure), it prints a line with its rate, until the input ends.
"""
