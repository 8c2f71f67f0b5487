"""Scripts for PowerShell, read by a grammar that nobody here wrote: PowerShell itself is not on every machine.

The grammar knows the plain quotation marks alone. The four that word processors put in the place of the single one are tested where words are quoted.
"""

import os
import pathlib
import subprocess
import time

import pytest
import tree_sitter
import tree_sitter_powershell
import yaml

BINARY = os.environ["CMKCTL"]
ROOT = pathlib.Path(__file__).parents[2]
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
# What a folder may be called on this system, and means something in PowerShell.
FOLDERS = ["plain", "a blank", "it's $(whoami)", "`n & calc; x | y #", '"q" {a} (b) @c', "100% ^ Größe Ñ", "--% -a.b"]


def run(*words):
    environment = {"HOME": "/nonexistent", "PATH": os.environ["PATH"]}
    return subprocess.run([BINARY, *words], env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(params=FOLDERS)
def cloud(request, tmp_path):
    folder = tmp_path / request.param
    folder.mkdir()
    file = folder / "cloud.json"
    words = [BINARY, "sandbox", "--scenario", "fresh", "--speed", "20000", "--cloud-file", str(file)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sandbox:
        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline, "the sandbox wrote no cloud file"
            time.sleep(0.05)
        yield file
        sandbox.terminate()


def nodes(node, kind):
    if node.type == kind:
        yield node
    for child in node.children:
        yield from nodes(child, kind)


def value(node):
    """A word as a program gets it, or None where PowerShell would put something else in its place."""
    text = node.text.decode()
    inner = node
    while inner.named_child_count == 1 and inner.type not in ("verbatim_string_characters", "expandable_string_literal"):
        inner = inner.named_children[0]
    if inner.type == "verbatim_string_characters":
        return text[1:-1].replace("''", "'")
    if inner.type == "expandable_string_literal":
        return None if inner.named_child_count or "`" in text else text[1:-1]
    return text if inner.type in ("generic_token", "command_parameter") else None


def commands(text):
    tree = PARSER.parse(text.encode())
    assert not tree.root_node.has_error, text
    for command in nodes(tree.root_node, "command"):
        elements = [child for one in command.children if one.type == "command_elements" for child in one.named_children]
        yield command.child_by_field_name("command_name").text.decode(), [
            value(one) for one in elements if one.type != "command_argument_sep"
        ]


def test_every_word_of_a_script_is_one(cloud):
    script = cloud.parent / "half"
    ran = run("--cloud", str(cloud), "enable", "--dry-run", "--hand-over", str(script))
    assert ran.returncode in (0, 6), ran.stderr
    scripts = [pathlib.Path(f"{script}-{side}.ps1") for side in ("key-vault", "power-platform")]
    text = "\n".join(file.read_text(encoding="utf-8-sig") for file in scripts)
    # What is only shown is a remark; it must be a command, too, when it is pasted.
    shown = "\n".join(line.lstrip("# ") for line in text.splitlines() if line.startswith("#   "))
    ours = [words for name, words in [*commands(text), *commands(shown)] if name == "cmkctl"]
    assert len(ours) > 1
    for words in ours:
        assert words[:2] == ["--cloud", str(cloud)], words
        # The rest is ids and flags, and at the end what the script itself is given.
        assert None not in words[:-1], words


def scripts_of(workflow):
    """The scripts in PowerShell of a workflow, wherever they stand in it."""
    if isinstance(workflow, list):
        for one in workflow:
            yield from scripts_of(one)
    elif isinstance(workflow, dict):
        for key, one in workflow.items():
            if key in ("run", "pwsh", "inlineScript") and isinstance(one, str):
                yield one
            else:
                yield from scripts_of(one)


@pytest.mark.parametrize("name", ["github-enable-windows.yml", "azure-pipelines-enable-windows.yml"])
def test_every_script_of_an_example_is_one(name):
    scripts = list(scripts_of(yaml.safe_load((ROOT / "examples" / name).read_text(encoding="utf-8"))))
    ours = [words for script in scripts for program, words in commands(script) if program == "cmkctl"]
    assert [words[:1] for words in ours] == [["enable"], ["enable"]], ours


def test_every_block_of_a_topic_is_one():
    topics = [topic.read_text(encoding="utf-8") for topic in (ROOT / "src/cli/topics").glob("*.md")]
    blocks = [block.split("```")[0] for topic in topics for block in topic.split("```powershell\n")[1:]]
    ours = [words for block in blocks for program, words in commands(block) if program == "cmkctl"]
    assert len(blocks) > 5 and len(ours) > 2, ours
