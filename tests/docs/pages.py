"""The documentation's pages, and their parts."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARKDOWN = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "experiments" / "notebooks").glob("*.ipynb"))
_CODE = re.compile(r"```.*?```|`[^`\n]*`|^(?: {4}|\t)[^\n]*$", re.DOTALL | re.MULTILINE)


def text_of(path: Path) -> str:
    """A page's Markdown; of a notebook that of its cells in words."""
    if path.suffix != ".ipynb":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def links(text: str) -> list[str]:
    """Where links and pictures lead; what stands in code is no link."""
    return re.findall(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", _CODE.sub("", text))


def anchors(text: str) -> set[str]:
    """The names by which a page's headings are linked to, where a repository's reader and the site
    agree on them."""
    headings = re.findall(r"^#{1,6} (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
    plain = [re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    slugs = [re.sub(r"[^\w\s-]", "", heading.strip().lower()) for heading in plain]
    return {re.sub(r"\s", "-", slug) for slug in slugs if not re.search(r"[\s-]{2}", slug)}
