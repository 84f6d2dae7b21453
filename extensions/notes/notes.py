#!/usr/bin/env python3
"""Notes: an extension without any SDK, in JSON lines over standard input and output (protocol version 1).

The model keeps notes with `add_note` and reads them with `list_notes`; the user sees them with `/notes`. What a note
says is tidied before the tool runs: that is an interception. Notes last as long as the process.
"""

import json
import sys

NOTES = []
SEEN = {"session_start": 0, "turn_end": 0}

TOOLS = [
    {
        "name": "add_note",
        "description": "Store a note.",
        "schema": {
            "type": "object",
            "properties": {"body": {"type": "string", "description": "What to remember"}},
            "required": ["body"],
        },
    },
    {"name": "list_notes", "description": "List the stored notes.", "schema": {"type": "object", "properties": {}}},
]


def send(frame):
    """Writes one frame: one line, flushed at once, since the host waits for it."""
    sys.stdout.write(json.dumps(frame, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def log(text):
    """Standard error is the extension's log."""
    print(text, file=sys.stderr, flush=True)


def listing():
    return "\n".join(f"{number}. {body}" for number, body in enumerate(NOTES, 1)) or "no notes"


def run_tool(name, args):
    """The text for the model; a ValueError is an answer, too."""
    if name == "list_notes":
        return listing()
    if name != "add_note":
        raise ValueError(f"unknown tool {name}")
    body = args.get("body") if isinstance(args, dict) else None
    if not isinstance(body, str) or not body:
        raise ValueError('add_note needs a "body"')
    NOTES.append(body)
    return f"stored note {len(NOTES)}"


def on_tool_call(frame):
    try:
        text, failed = run_tool(frame.get("name"), frame.get("args")), False
    except ValueError as error:
        text, failed = str(error), True
    answer = {"type": "tool_result", "id": frame["id"], "content": [{"type": "text", "text": text}]}
    send(answer | {"is_error": True} if failed else answer)


def on_command(frame):
    text = f"{listing()}\n({SEEN['turn_end']} model calls so far)"
    send({"type": "command_response", "id": frame["id"], "action": "display", "display": text})


def on_intercept(frame):
    """Asked before every tool call. An answer without further keys lets it pass as it is."""
    answer = {"type": "event_intercept_response", "id": frame["id"]}
    args = frame.get("tool_args")
    if frame.get("tool_name") == "add_note" and isinstance(args, dict) and isinstance(args.get("body"), str):
        tidy = " ".join(args["body"].split())
        if tidy != args["body"]:
            answer["modified_args"] = args | {"body": tidy}
    send(answer)


def on_event(frame):
    topic = frame.get("event")
    SEEN[topic] = SEEN.get(topic, 0) + 1
    log(f"event {topic}")


HANDLERS = {
    "tool_call": on_tool_call,
    "command_invoked": on_command,
    "event_intercept": on_intercept,
    "event": on_event,
}


def main():
    send({"type": "hello", "name": "notes", "version": "0.1.0", "capabilities": ["commands", "tools", "events"]})
    for tool in TOOLS:
        send({"type": "register_tool"} | tool)
    send({"type": "register_command", "name": "notes", "description": "show the notes"})
    send({"type": "subscribe", "events": list(SEEN), "intercept": ["tool_call"]})
    send({"type": "ready"})
    for line in sys.stdin:
        frame = json.loads(line)
        if frame.get("type") == "shutdown":
            send({"type": "shutdown_ack"})
            return
        handler = HANDLERS.get(frame.get("type"))
        if handler:
            handler(frame)


if __name__ == "__main__":
    main()
