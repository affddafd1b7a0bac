#!/usr/bin/env python3
"""Draws the package's Swift modules and their imports as a Mermaid diagram.

An arrow goes from a module to one that it imports; arrows that follow from others are left out.
Usage: scripts/modules.py [SOURCES]
"""
import re
import sys
from pathlib import Path

sources = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "Sources")
modules = sorted(p.name for p in sources.iterdir() if p.name.startswith("Sextant") and any(p.rglob("*.swift")))
imports = {
    name: {
        found
        for path in (sources / name).rglob("*.swift")
        for found in re.findall(r"^(?:@\w+ )?import (\w+)", path.read_text(), re.M)
        if found in modules and found != name
    }
    for name in modules
}


def reached(name):
    seen, ahead = set(), list(imports[name])
    while ahead:
        at = ahead.pop()
        if at not in seen:
            seen.add(at)
            ahead += imports[at]
    return seen


print("```mermaid\nflowchart TD")
for name in modules:
    files = list((sources / name).rglob("*.swift"))
    lines = sum(len(path.read_text().splitlines()) for path in files)
    print(f'  {name}["{name.removeprefix("Sextant") or "Sextant"}<br/>{lines:,} lines"]')
for name in modules:
    indirect = set().union(*(reached(at) for at in imports[name])) if imports[name] else set()
    for at in sorted(imports[name] - indirect):
        print(f"  {name} --> {at}")
print("```")
