"""Wordcount: a tool that counts lines, words and characters. A component in Python, without any SDK.

`wit_world` is what componentize-py makes of the world `tool-pack` in `wit/`; each class implements one interface that
the world exports. `docs/languages.md` shows how it is built.
"""

import json

from wit_world import exports
from wit_world.imports.types import Content_Text, Registration, ToolOutput, ToolSpec, ToolTraits

SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "description": "The text to count in"}},
    "required": ["text"],
    "additionalProperties": False,
}


class Lifecycle(exports.Lifecycle):
    """`componentize_py_types.Err("why")`, raised in `init`, would keep the extension out."""

    def init(self, params):
        tool = ToolSpec(
            name="wordcount",
            description="Counts the lines, words and characters of a text.",
            schema=json.dumps(SCHEMA),
            traits=ToolTraits.READ_ONLY | ToolTraits.IDEMPOTENT,
            timeout_ms=None,
        )
        return Registration(tools=[tool], commands=[], events=[], hooks=[])

    def shutdown(self):
        pass


class Tools(exports.Tools):
    """An exception that leaves `call` is a trap, and the host drops the instance: failures are answers instead."""

    def call(self, call, cx):
        text = json.loads(call.args).get("text")
        if not isinstance(text, str):
            return answer('wordcount needs {"text": "…"}', is_error=True)
        return answer(count(text))


def count(text):
    """What is in the text, in words."""
    counts = [(len(text.splitlines()), "line"), (len(text.split()), "word"), (len(text), "character")]
    return ", ".join(f"{number} {noun}" if number == 1 else f"{number} {noun}s" for number, noun in counts)


def answer(text, is_error=False):
    """The model reads it, also when it is an error."""
    return ToolOutput(content=[Content_Text(text)], is_error=is_error)
