"""The commands of a README, as they stand there."""
import re


def chapter(path, title):
    """The text below a heading of level 2."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)


def without_comment(line):
    return re.sub(r"\s+# .*$", "", line).strip()


def commands(path, title):
    """Of the indented lines of a chapter, without their comments; what is only a comment goes on with the line before."""
    lines = re.findall(r"^    (\S.*)$", re.sub(r"^```.*?^```$", "", chapter(path, title), flags=re.M | re.S), re.M)
    return [without_comment(line) for line in lines if not line.lstrip().startswith("#")]


def fenced_commands(path):
    """Of the blocks of shell in a README of a folder."""
    with open(path, encoding="utf-8") as f:
        blocks = re.findall(r"^```sh\n(.*?)^```$", f.read(), re.M | re.S)
    return [without_comment(line) for block in blocks for line in block.splitlines() if line.strip()]
