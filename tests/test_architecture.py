"""Who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def imports(path: Path, root: Path = ROOT) -> set[str]:
    """The modules that a source file names in imports, wherever in it; `from a import b` is a.b,
    too, since b may be a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = path.relative_to(root).parts[: -node.level] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def sources(folder: str) -> list[Path]:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    return paths


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def offenders(paths, forbidden) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {module}"
        for path in paths
        for module in sorted(imports(path))
        if forbidden(module)
    ]


def test_envs_knows_nothing_of_learning():
    assert not offenders(sources("envs"), lambda m: within(m, "lamour_jax", "experiments"))


def test_the_method_knows_of_envs_only_its_types():
    """Pictures are the report's; the bench measures engines and peers, too; the doctor moves
    and draws a robot; the command line ties everything together."""

    def offends(*known):
        return lambda m: within(m, "experiments") or (within(m, "envs") and not within(m, *known))

    types = ("envs.base", "envs.wrappers", "envs.hashing")
    parts = {path: path.relative_to(ROOT).parts[1] for path in sources("lamour_jax")}
    method = [
        path for path, part in parts.items() if part not in ("cli", "report", "bench", "doctor")
    ]
    assert not offenders(method, offends(*types))
    assert not offenders(sources("lamour_jax/report"), offends(*types, "envs.rendering"))


def test_the_bench_is_the_command_lines_alone():
    others = [
        path
        for path in sources("lamour_jax")
        if path.relative_to(ROOT).parts[1] not in ("cli", "bench")
    ]
    assert not offenders(others, lambda m: within(m, "lamour_jax.bench"))
    assert not offenders(
        sources("lamour_jax/bench"), lambda m: within(m, "lamour_jax.cli", "experiments")
    )


def test_the_model_never_enters_training():
    training = [*sources("lamour_jax/agents"), ROOT / "lamour_jax/trainer.py"]
    assert not offenders(
        training, lambda m: within(m, "lamour_jax.lvlm", "lamour_jax.rewardcode", "lamour_jax.cli")
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import envs.ant", {"envs.ant"}),
        ("from envs import ant", {"envs", "envs.ant"}),
        ("from .ant import Ant", {"p.ant", "p.ant.Ant"}),
        ("from . import ant", {"p", "p.ant"}),
        ("def f():\n  from envs.ant import Ant", {"envs.ant", "envs.ant.Ant"}),
    ],
)
def test_every_kind_of_import_is_seen(source, expected, tmp_path):
    path = tmp_path / "p" / "x.py"
    path.parent.mkdir()
    path.write_text(source)
    assert imports(path, tmp_path) == expected
