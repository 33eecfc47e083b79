#!/usr/bin/env python3
"""Checks what no compiler checks about the tree: which way #includes point, that core starts no thread, how
files are named and how long they are, and that links between documents lead somewhere.

    style.py [root]     prints one line a finding; exits with 1 when there is one
"""

import pathlib
import re
import sys

# Folders of core/millrace from the ground up: a folder includes its own level and those below it.
CORE_LEVELS = [
    {"base"},
    {"event", "ring", "pool", "time", "stats"},
    {"table", "expr", "journal"},
    {"cep", "window", "stream", "projection"},
    {"domain", "rules"},
]
STRANGERS = {"cep", "window", "projection"}  # of one level, and must not know each other
LAYERS = ["core", "pipeline", "tools"]  # each includes itself and those before it

LINES_MAX = 500
CODE = {".hpp", ".cpp", ".h", ".c", ".py", ".cmake", ".sh"}
EMPTY_NAMES = re.compile(r"(?:^|[_\-.])(?:util|utils|utility|utilities|common|misc|managers?)(?:$|[_\-.])", re.I)
NOT_OURS = {".git", ".cache", "build", "__pycache__"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
THREAD = re.compile(r"#\s*include\s*<thread>|\bstd::(?:j?thread|async)\b|\bpthread_create\b")
GUARD = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+once\b", re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^(`{3,}).*?^\1", re.M | re.S)


def files_of(root):
    """Every file that is ours, as a path relative to root."""
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and not NOT_OURS.intersection(relative.parts):
            yield relative


def without_comments(text):
    return COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text)


def level_of(folder):
    return next((level for level, folders in enumerate(CORE_LEVELS) if folder in folders), None)


def folder_of(path):
    """core/millrace/cep/pattern/nfa.hpp -> cep; None for a file that stands in core/millrace itself."""
    return path.parts[2] if len(path.parts) > 3 else None


def layer_that_holds(root, header):
    return next((layer for layer in LAYERS[:2] if (root / layer / header).is_file()), None)


def include_in_core(path, header):
    """What is wrong with a header of core that a file of core includes, or None."""
    here, there = folder_of(path), folder_of(pathlib.PurePath("core", header))
    if here is None or here == there:
        return None
    if there is None:
        return f"includes <{header}>, which gathers the whole of core"
    if level_of(here) is None or level_of(there) is None:
        unknown = here if level_of(here) is None else there
        return f"includes <{header}>: core/millrace/{unknown} has no level in tests/style/style.py"
    if level_of(there) > level_of(here):
        return f"includes <{header}>: {here} stands below {there}"
    if {here, there} <= STRANGERS:
        return f"includes <{header}>: {here} and {there} do not know each other"
    return None


def check_includes(root, path, text):
    layer = path.parts[0]
    if layer not in LAYERS or path.suffix not in {".hpp", ".cpp"}:
        return
    for quote, header in INCLUDE.findall(text):
        if quote == '"' and layer != "tools":
            yield f'includes "{header}": write <millrace/...>, as it is installed'
        if not header.startswith("millrace/"):
            continue
        target = layer_that_holds(root, header)
        if target is None:
            if layer != "tools":
                yield f"includes <{header}>, which is nowhere"
        elif LAYERS.index(target) > LAYERS.index(layer):
            yield f"includes <{header}>: {layer} stands below {target}"
        elif layer == target == "core":
            finding = include_in_core(path, header)
            if finding:
                yield finding


def check_threads(root, path, text):
    if path.parts[0] == "core" and path.suffix in {".hpp", ".cpp"}:
        for use in THREAD.findall(text):
            yield f"has '{use}': core starts no thread"


def check_guard(root, path, text):
    if path.suffix in {".hpp", ".h"} and len(GUARD.findall(text)) != 1:
        yield "has no #pragma once, or more than one"


def check_length(root, path, text):
    lines = text.count("\n")
    if (path.suffix in CODE or path.name == "CMakeLists.txt") and lines > LINES_MAX:
        yield f"has {lines} lines, more than {LINES_MAX}: split it by concept"


def check_name(root, path, text):
    for part in path.parts:
        if EMPTY_NAMES.search(part):
            yield f"'{part}' is a name that says nothing"


def check_links(root, path, text):
    if path.suffix != ".md":
        return
    for link in LINK.findall(FENCED.sub("", text)):
        target = link.partition("#")[0]
        if not target or re.match(r"[a-z][a-z0-9+.-]*:", target, re.I):
            continue
        if not (root / path.parent / target).exists():
            yield f"links to {target}, which is not there"


def check_packages(root):
    """Each package that CMake names when it is missing is one that tools/test installs."""
    table, listed = root / "tools/cmake/millrace_dependencies.cmake", root / "tools/packages"
    if not table.is_file():
        return
    packages = re.sub(r"#.*", "", listed.read_text(encoding="utf-8")).split() if listed.is_file() else []
    for package in re.findall(r"\bAPT\s+([a-z][a-z0-9.+-]+)", table.read_text(encoding="utf-8")):
        if package not in packages and package != "libc6-dev":  # comes with build-essential
            yield f"tools/packages: does not list {package}, which {table.name} asks for"


def check(root):
    """All findings in a tree, as 'path: what'."""
    root = pathlib.Path(root)
    findings = list(check_packages(root))
    for path in files_of(root):
        findings += [f"{path}: {finding}" for finding in check_name(root, path, "")]
        if path.suffix not in CODE | {".md", ".txt"}:
            continue
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        code = without_comments(text) if path.suffix in {".hpp", ".cpp", ".h", ".c"} else text
        for rule, seen in [(check_includes, code), (check_threads, code), (check_guard, code),
                           (check_length, text), (check_links, text)]:
            findings += [f"{path}: {finding}" for finding in rule(root, path, seen)]
    return findings


if __name__ == "__main__":
    found = check(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("\n".join(found))
    sys.exit(1 if found else 0)
