"""What a check found."""

from dataclasses import asdict, dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Finding:
    """One check's result.

    Attributes:
      status: OK; WARN: the product works, but not all of it, or not as it was tested; FAIL: it
        does not work.
      found: what is there.
      advice: what to do about it; empty where there is nothing to do.
    """

    status: str
    found: str
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)
