"""Reward code from a language model: checked, translated to jnp, verified, loaded.

verdict = check(answer, samples)         # never raises on bad code
save_artefact(folder, verdict)
program = load_program(folder)           # jnp functions of one state, to be vmapped and jitted
"""

from .artefact import load_program, save_artefact
from .checking import check
from .extract import extract
from .findings import Finding, RewardCodeError
from .program import JNP_FILE, RewardProgram
from .samples import SampleStates
from .translate import Translation, translate
from .verdict import Verdict

__all__ = [
    "JNP_FILE",
    "Finding",
    "RewardCodeError",
    "RewardProgram",
    "SampleStates",
    "Translation",
    "Verdict",
    "check",
    "extract",
    "load_program",
    "save_artefact",
    "translate",
]
