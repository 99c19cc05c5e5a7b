"""The whole path of an answer: extract, check, translate, verify."""

from __future__ import annotations

import math

from .extract import extract
from .findings import Finding, RewardCodeError, fail_whole
from .limits import parse
from .samples import SampleStates
from .translate import hash_of, translate
from .verdict import Verdict
from .verify import Verification, verify


def check(answer: str, samples: SampleStates) -> Verdict:
    """The verdict on an answer; bad code comes back as findings."""
    answer = answer.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair, as in JSON
    try:
        source = extract(answer)
    except RewardCodeError as error:
        return _verdict(answer, None, error.findings, Verification(), samples)
    try:
        translation = translate(source, samples.state_size, samples.action_size)
        verification = verify(parse(source), translation, samples)
    except RewardCodeError as error:
        return _verdict(source, None, error.findings, Verification(), samples)
    except Exception as error:  # a fault of ours must not end a conversation with the model
        finding = fail_whole("unsupported", f"cannot be handled: {error!r}").findings
        return _verdict(source, None, finding, Verification(), samples)
    findings = (*translation.findings, *verification.findings)
    return _verdict(source, translation.jnp_source, findings, verification, samples)


def _verdict(
    source: str,
    jnp_source: str | None,
    findings: tuple[Finding, ...],
    verification: Verification,
    samples: SampleStates,
) -> Verdict:
    return Verdict(
        accepted=not any(finding.severity == "error" for finding in findings)
        and not math.isnan(verification.max_relative_difference),
        findings=tuple(sorted(findings, key=lambda finding: finding.line)),
        max_relative_difference=verification.max_relative_difference,
        source=source,
        jnp_source=jnp_source,
        sha256=hash_of(source),
        lowest_reward=verification.lowest_reward,
        state_size=samples.state_size,
        action_size=samples.action_size,
    )
