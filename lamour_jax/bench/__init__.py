"""Throughput: the environment, the learner and training as a whole, against limits and peers.

Every figure stands beside its limit or its peer, measured in turns in the same run; compilation is
timed apart, and a first call is thrown away.
"""
