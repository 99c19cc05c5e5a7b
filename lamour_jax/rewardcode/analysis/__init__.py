"""What a program computes, found out without running it: known or traced, shapes, kinds, faults."""
