"""Who may know whom: one table of modules, read against every import there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "batchgen"

#: Layer -> its modules, or the rooms whose other modules are all there. A module imports its own
#: layer and those above it in this table. Layer 2 is edges: they know their own room only.
LAYERS = {
    0: ("errors", "messages", "picture_fit", "clip", "item"),
    1: (
        "words",
        "addresses",
        "wrapping",
        "spreadsheet",
        "first_seen",
        "crash_points",
        "deciding",
        "video_models",
        "plan",
        "job.schema",
        "job.text_yaml",
        "job.wording",
        "state.store",
        "state.ledger",
        "state.reconcile",
        "state.settling",
        "bill",
        "provider.port",
        "provider.codes",
        "provider.base_urls",
        "provider.parsing",
        "provider.requests",
        "provider.key",
        "output.port",
        "output.names",
        "output.rows",
        "output.finishing.shape",
        "run.cap",
        "run.pacing",
        "run.polling",
        "run.ports",
    ),
    2: (
        "job",
        "catalogue",
        "provider",
        "state",
        "output",
        "simulator",
        "progress",
        "clock",
        "open_files",
        "spill",
        "language",
    ),
    3: ("run",),
    5: (
        "cli",
        "engine",
        "execution",
        "purchases",
        "finishing",
        "fetched_pictures",
        "first_look",
        "restoring",
        "results",
        "rehearsal",
        "api",
        "__init__",
        "__main__",
    ),
}
WORDS, RULES, EDGES, LOOP, WIRING = LAYERS

_WORLD = {"asyncio", "aiohttp", "pandas", "time", "random", "sqlite3", "socket", "subprocess"}
#: Layer -> what its modules must not know.
FORBIDDEN = {
    WORDS: _WORLD | {"pydantic", "jinja2", "yaml"},
    RULES: _WORLD,
    EDGES: {"argparse"},
    LOOP: {"tqdm", "pandas", "av", "PIL", "csv", "json", "yaml", "pathlib"},
    WIRING: {"av", "PIL", "yaml"},
}
#: Library -> the only modules that may import it, however deep.
RESERVED = {
    "click": ("cli",),
    "tqdm": ("progress",),
    "sqlite3": ("state", "engine", "cli.doctor", "catalogue.pictures.facts"),
    "aiohttp": ("provider.bigmodel", "output.download", "catalogue.pictures", "simulator"),
    "pandas": ("output.frame", "__init__"),
    "random": ("execution",),
    "time": ("clock", "output.disk", "simulator.server"),
}
FILE_CALLS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir"}


def name_of(file: Path) -> str:
    """Give a module's name inside the package: `plan.values`; a room's own file is the room."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    is_room = parts[-1] == "__init__" and len(parts) > 1
    return ".".join(parts[:-1] if is_room else parts)


MODULES = {name_of(file): file for file in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree_of(module: str) -> ast.Module:
    """Parse a module."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def is_in(module: str, place: str) -> bool:
    """Tell whether a module is a place, or lies in it when it is a room."""
    return module == place or module.startswith(f"{place}.")


def layer_of(module: str) -> int:
    """Give the layer; the longest entry of the table that fits counts."""
    fitting = [
        (len(place), layer)
        for layer, places in LAYERS.items()
        for place in places
        if is_in(module, place)
    ]
    return max(fitting)[1]


@cache
def imports(module: str) -> frozenset[str]:
    """Name all that a module imports, also for types only and inside functions."""
    return frozenset(_imports(tree_of(module)))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner.removeprefix("batchgen.") in MODULES else str(node.module)


def inside(module: str) -> set[str]:
    """Name the modules of the package that a module imports."""
    ours = {name for name in imports(module) if is_in(name, "batchgen")}
    return {name.removeprefix("batchgen.").replace("batchgen", "__init__") for name in ours}


def libraries(module: str) -> set[str]:
    """Name the top-level packages from outside that a module imports."""
    return {name.partition(".")[0] for name in imports(module)} - {"batchgen"}


def room_of(module: str) -> str:
    """Give the first part of a module's name."""
    return module.partition(".")[0]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_layer(module: str) -> None:
    """Every module stands in the table."""
    assert layer_of(module) in LAYERS


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module: str) -> None:
    """A module knows its own layer and lower ones; an edge, no other edge."""
    own = layer_of(module)
    for other in inside(module):
        assert layer_of(other) <= own, f"{module} may not know {other}"
        if own in {EDGES, LOOP} and layer_of(other) in {EDGES, LOOP}:
            assert room_of(other) == room_of(module), f"{module} may not know {other}"


@pytest.mark.parametrize("module", MODULES)
def test_libraries_stay_at_their_edges(module: str) -> None:
    """Rules know no clock, chance, network or table; the loop no format; edges no commands."""
    found = libraries(module)
    assert not found & FORBIDDEN[layer_of(module)]
    for library, places in RESERVED.items():
        assert library not in found or any(is_in(module, place) for place in places), library


@pytest.mark.parametrize("module", [name for name in MODULES if layer_of(name) <= RULES])
def test_rules_touch_no_file(module: str) -> None:
    """Layers 0 and 1 open, read and write nothing."""
    assert not called(module) & FILE_CALLS


@pytest.mark.parametrize("module", MODULES)
def test_nothing_prints_by_itself(module: str) -> None:
    """Only the commands speak, and they do it through `cli.speech`."""
    assert "print" not in called(module)


def called(module: str) -> set[str]:
    """Name every function and method that a module calls."""
    functions = [node.func for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
    names = {function.id for function in functions if isinstance(function, ast.Name)}
    return names | {function.attr for function in functions if isinstance(function, ast.Attribute)}


def test_no_import_cycle() -> None:
    """No module imports itself by any way round, not even for its types."""
    graph = {module: inside(module) for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
