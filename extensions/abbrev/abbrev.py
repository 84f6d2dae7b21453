#!/usr/bin/env python3
"""Abbrev: expands abbreviations at the beginning of shell commands, as an alias would, before they run.

An interceptor without any SDK, in JSON lines (protocol version 1). What it makes of a command is what the next
interceptor is asked about, so that a guard judges the expansion and not the abbreviation.
"""

import json
import sys

ABBREVIATIONS = {"ll": "ls -l", "gs": "git status --short", "wipe": "rm -rf"}


def expand(command):
    """The command with its first word expanded, or nothing if that is no abbreviation."""
    word, _, rest = command.partition(" ")
    if word not in ABBREVIATIONS:
        return None
    return f"{ABBREVIATIONS[word]} {rest}".strip()


def answer(frame):
    """Without further keys the answer lets the call pass as it is."""
    reply = {"type": "event_intercept_response", "id": frame["id"]}
    args = frame.get("tool_args")
    if frame.get("tool_name") == "bash" and isinstance(args, dict):
        expanded = expand(str(args.get("command", "")))
        if expanded is not None:
            reply["modified_args"] = args | {"command": expanded}
    return reply


def send(frame):
    sys.stdout.write(json.dumps(frame, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def main():
    send({"type": "hello", "name": "abbrev", "version": "0.1.0"})
    send({"type": "subscribe", "intercept": ["tool_call"]})
    send({"type": "ready"})
    for line in sys.stdin:
        frame = json.loads(line)
        if frame.get("type") == "event_intercept":
            send(answer(frame))
        elif frame.get("type") == "shutdown":
            return


if __name__ == "__main__":
    main()
