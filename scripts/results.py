#!/usr/bin/env python3
"""Makes the tables of README.md and docs/ from the output of the commands that they name.

A table that is made stands between two comments:

    <!-- made: make demo
    from: demo/evaluation/table.md
    section: tas, random:0.6
    each: method = nearest neighbour; title = Nearest neighbour
    each: method = two-scale Gaussian; title = **Two-scale Gaussian**
    row: {title} | {{ {method} / PSNR mean [dB] }} | {{ {method} / CRPS [K] }}
    -->
    | Method | PSNR, dB | CRPS, K |
    |---|---:|---:|
    | ... |
    <!-- end -->

`made` is the command, which runs in the repository's root with .build/release on the path. `from` is the Markdown file
with the tables that it writes, `section` the heading of the table to read (the first table, if there is none). Each line
`each` gives one row of the page: `{name}` stands for its values, in all other lines too, and `{{ row / column }}` for a
cell of the table that was read, without its standard error; `{{ row / column / ± }}` keeps the standard error. The heading
of the page's own table stays as it is.

A marker that has the command alone, without `from` and `row`, names how its table was measured. Such tables were composed by
hand from the command's output, often over several runs; they are listed and left alone.

    scripts/results.py README.md docs/*.md             runs the commands and writes the tables
    scripts/results.py --check README.md               runs them and fails where a number differs
    scripts/results.py --check --no-run README.md      the same with files that are there already
    scripts/results.py --list README.md docs/*.md      lists all tables with their commands

A number differs when it is more than one unit of its last digit away: processors round differently.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- made: (?P<head>(?:(?!-->).)*)-->\n)(?P<table>.*?)(?P<end>\n<!-- end -->)", re.S)
NUMBER = re.compile(r"[-−+]?\d+(?:\.\d+)?")


class ResultsError(Exception):
    """A table that cannot be made; the text says what was expected and what was found."""


def specification(head):
    """The lines of a marker: the command, and the values of every other key in order."""
    lines = [line.strip() for line in head.strip().splitlines()]
    keys = {"made": [lines[0]]}
    for line in lines[1:]:
        key, separator, value = line.partition(":")
        if not separator:
            raise ResultsError(f"'{line}': expected KEY: VALUE in the marker of '{lines[0]}'")
        keys.setdefault(key.strip(), []).append(value.strip())
    unknown = set(keys) - {"made", "from", "section", "each", "row"}
    if unknown:
        raise ResultsError(f"'{lines[0]}': unknown keys {', '.join(sorted(unknown))}; known are from, section, each and row")
    return keys


def values(text):
    """The names and values of a line `each`, such as "set = era5; label = ERA5"."""
    result = {}
    for pair in text.split(";"):
        name, separator, value = pair.partition("=")
        if not separator:
            raise ResultsError(f"each: '{pair.strip()}': expected NAME = VALUE")
        result[name.strip()] = value.strip()
    return result


def filled(text, names):
    """The text with each {name} replaced; double braces are left alone."""
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables(path):
    """All tables of a Markdown file by the heading above them, as {row: {column: cell}}."""
    result, heading, lines = {}, "", Path(path).read_text(encoding="utf-8").splitlines()
    for place, line in enumerate(lines):
        if line.startswith("#"):
            heading = line.lstrip("# ").strip()
        elif line.startswith("|") and place + 1 < len(lines) and re.match(r"\|[-:| ]+\|$", lines[place + 1]):
            columns, rows = cells(line), {}
            for other in lines[place + 2:]:
                if not other.startswith("|"):
                    break
                row = cells(other)
                rows[row[0]] = dict(zip(columns, row))
            result.setdefault(heading, rows)
    return result


def looked_up(expression, table, path):
    parts = [part.strip() for part in expression.split(" / ")]
    row, column, keeps_error = parts[0], parts[1], len(parts) > 2
    if row not in table:
        raise ResultsError(f"{path}: no row '{row}'; there are {', '.join(table)}")
    if column not in table[row]:
        raise ResultsError(f"{path}: no column '{column}'; there are {', '.join(table[row])}")
    cell = table[row][column]
    return cell if keeps_error else cell.split(" ± ")[0]


class Maker:
    def __init__(self, runs):
        self.runs, self.done = runs, set()

    def run(self, command):
        if not self.runs or command in self.done:
            return
        print(f"  {command}", file=sys.stderr)
        environment = dict(os.environ, PATH=f"{ROOT / '.build/release'}:{os.environ['PATH']}")
        finished = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        if finished.returncode != 0:
            raise ResultsError(f"'{command}' ended with status {finished.returncode}")
        self.done.add(command)

    def rows(self, keys):
        """The rows of the page's table, as Markdown."""
        if "from" not in keys:
            raise ResultsError(f"'{keys['made'][0]}': the marker has a 'row' and no 'from'")
        result = []
        for names in map(values, keys.get("each", ["row ="])):
            self.run(filled(keys["made"][0], names))
            path = ROOT / filled(keys["from"][0], names)
            found = tables(path)
            section = filled(keys["section"][0], names) if "section" in keys else next(iter(found), None)
            if section not in found:
                raise ResultsError(f"{path}: no table under '{section}'; there are {', '.join(found) or 'none'}")
            row = filled(keys["row"][0], names)
            row = re.sub(r"\{\{(.*?)\}\}", lambda match: looked_up(match[1].strip(), found[section], path), row)
            result.append(f"| {row.strip().strip('|').strip()} |")
        return result


def differences(old, new):
    """What differs between two tables by more than one unit in a number's last digit."""
    result = []
    if len(old) != len(new):
        result.append(f"{len(old)} rows in the page, {len(new)} made")
    for before, after in zip(old, new):
        (first, second) = (NUMBER.findall(before), NUMBER.findall(after))
        same_words = NUMBER.sub("#", before) == NUMBER.sub("#", after)
        near = len(first) == len(second) and all(
            abs(float(a.replace("−", "-")) - float(b.replace("−", "-"))) < 1.5 * 10.0 ** -len(a.partition(".")[2])
            for a, b in zip(first, second))
        if not (same_words and near):
            result.append(f"in the page: {before}\n      made now:    {after}")
    return result


def main():
    parser = argparse.ArgumentParser(description="Make the tables of pages, or check them.")
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a number differs")
    parser.add_argument("--no-run", action="store_true", help="take the files that the commands left earlier")
    parser.add_argument("--only", default="", help="make only tables whose command has this text in it")
    parser.add_argument("--list", action="store_true", help="list the tables with their commands")
    options = parser.parse_args()
    maker, failed, count = Maker(not options.no_run), 0, 0
    for page in options.pages:
        text = page.read_text(encoding="utf-8")
        if options.list:
            for match in BLOCK.finditer(text):
                keys = specification(match["head"])
                print(f"{page}: {'made' if 'row' in keys else 'by hand'}: {keys['made'][0]}")
            continue

        def made(match):
            nonlocal failed, count
            keys = specification(match["head"])
            if options.only not in keys["made"][0] or "row" not in keys:
                return match[0]
            print(f"{page}: {keys['made'][0]}", file=sys.stderr)
            lines = match["table"].splitlines()
            rows = maker.rows(keys)
            count += 1
            if not options.check:
                return match[1] + "\n".join(lines[:2] + rows) + match["end"]
            for difference in differences(lines[2:], rows):
                failed += 1
                print(f"{page}: the table made by '{keys['made'][0]}' differs.\n      {difference}", file=sys.stderr)
            return match[0]

        try:
            result = BLOCK.sub(made, text)
        except (ResultsError, OSError) as error:
            sys.exit(f"{page}: {error}")
        if result != text:
            page.write_text(result, encoding="utf-8")
    if not options.list:
        print(f"{count} table{'' if count == 1 else 's'} {'compared' if options.check else 'made'}, {failed} differences")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
