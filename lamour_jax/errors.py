"""Errors that a person can mend."""


class UserError(Exception):
    """What was wrong, where, and what to do; the command line prints it and exits with code 2."""


class EncoderUnavailable(RuntimeError):
    """There is no ffmpeg to write films with. The message says how to get one."""
