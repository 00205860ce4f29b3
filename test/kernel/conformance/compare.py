"""The same probes on several kernels, side by side: ours, ipykernel, and plain tslab where they are installed.

    sh test/kernel/conformance/run.sh --compare        prints a table (Markdown)

Each probe asks one thing of the Jupyter messaging specification 5.4 and says yes or no; code is given in both languages.
"""

import os
import sys
import time
from queue import Empty
from subprocess import DEVNULL

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel

TIMEOUT_S = 15
API = "oscc-lab/dist/kernel/notebook-api"

PYTHON = {
    "two": "1 + 1", "print": "print('out')", "stderr": "import sys; print('err', file=sys.stderr)", "fail": "raise ValueError('on purpose')",
    "let": "kept = 5", "read": "kept", "loop": "while True: pass", "sleep": "import time; time.sleep(60)",
    "await": "import asyncio; await asyncio.sleep(0); 'awaited'",
    "await_for_ever": "import asyncio; await asyncio.sleep(60)",
    "lines": "for i in range(20000): print(i)",
    "display": "from IPython.display import display; display({'text/plain': 'a', 'application/json': {'b': 1}}, raw=True)",
    "update": "from IPython.display import display; h = display({'text/plain': 'a'}, raw=True, display_id='d'); h.update({'text/plain': 'b'}, raw=True)",
    "clear": "from IPython.display import clear_output; clear_output(wait=True)",
    "input": "name = input('Name? ')", "name": "name",
    "late": "import threading; threading.Timer(0.6, lambda: print('late')).start()",
    "child": "import subprocess, sys; _ = subprocess.run([sys.executable, '-c', 'print(6 * 7)'])",
    "unfinished": "def f(:", "open": "def f(x):", "broken": "x = = 1", "attribute": "import math; math.floo", "member": "floor", "inspect": "print",
    "redeclare": "kept = 'text'", "type_error": "kept.no_such_thing", "function": "count = 0\ndef up():\n    global count; count += 1", "call": "up(); count += 10; up(); count",
    "comm": "from ipykernel.comm import Comm; c = Comm(target_name='t', data={'a': 1})",
    "emoji": "'\U0001f52c'.uppe", "stack": "def inner():\n    raise ValueError('deep')\ninner()",
    "last_expression_none": "x = 1", "user_variable": "kept",
}
TYPESCRIPT = {
    "two": "1 + 1", "print": "console.log('out')", "stderr": "console.error('err')", "fail": "throw new Error('on purpose')",
    "let": "let kept: any = 5", "read": "kept", "loop": "while (true) {}", "sleep": "while (true) {}",
    "await": "await Promise.resolve('awaited')",
    "await_for_ever": "await new Promise(() => {})",
    "lines": "for (let i = 0; i < 20000; i++) console.log(i)",
    "display": f"import {{ display }} from '{API}'; display({{ 'text/plain': 'a', 'application/json': {{ b: 1 }} }})",
    "update": f"import {{ display as show }} from '{API}'; show({{ 'text/plain': 'a' }}, {{ displayId: 'd' }}); show({{ 'text/plain': 'b' }}, {{ displayId: 'd', update: true }})",
    "clear": f"import {{ clearOutput }} from '{API}'; clearOutput(true)",
    "input": f"import {{ input }} from '{API}'; let name = await input('Name? ')", "name": "name",
    "late": "setTimeout(() => console.log('late'), 600)",
    "child": "import { spawnSync } from 'node:child_process'; spawnSync(process.execPath, ['-e', 'console.log(42)'], { stdio: 'inherit' }).status",
    "unfinished": "function f(", "open": "function f(x: number) {", "broken": "x = = 1", "attribute": "Math.floo", "member": "floor", "inspect": "Math.floor",
    "redeclare": "let kept = 'text'", "type_error": "kept.noSuchThing()", "function": "let count = 0; function up() { count += 1; }", "call": "up(); count += 10; up(); count",
    "comm": f"import {{ openComm }} from '{API}'; const c = openComm('t', {{ a: 1 }})",
    "emoji": "'\U0001f52c'.toUpp", "stack": "function inner() {\n  throw new Error('deep');\n}\ninner()",
    "last_expression_none": "const x = 1", "user_variable": "kept",
}
CODE = {"python": PYTHON, "typescript": TYPESCRIPT}


class Kernel:
    """One running kernel and what was heard of a request."""

    def __init__(self, name):
        self.name = name
        # ipykernel repeats what its children print on its own output, which would stand between the lines of the table.
        self.manager, self.client = start_new_kernel(kernel_name=name, startup_timeout=60, stdout=DEVNULL)
        language = self.manager.kernel_spec.language
        self.code = CODE["python" if language == "python" else "typescript"]

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, key, code=None, after=0.0, **options):
        """Run a cell; returns its reply and everything published about it."""
        request = self.client.execute(code if code is not None else self.code[key], **options)
        return self.hear(request, after)

    def hear(self, request, after=0.0):
        published, idle, deadline = [], None, time.time() + TIMEOUT_S
        while time.time() < deadline:
            try:
                message = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                message = None
            if message and message["parent_header"].get("msg_id") == request:
                published.append(message)
                if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                    idle = idle or time.time()
            if idle and time.time() - idle >= after:
                break
        return self.reply(request), published

    def reply(self, request):
        deadline = time.time() + 3
        while time.time() < deadline:
            try:
                reply = self.client.get_shell_msg(timeout=0.5)
            except Empty:
                continue
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"]
        return {}

    def ask(self, method, *args, **options):
        return self.hear(getattr(self.client, method)(*args, **options))[0]

    def result(self, key, code=None):
        _, published = self.run(key, code)
        return next((m["content"]["data"]["text/plain"] for m in published if m["msg_type"] == "execute_result"), None)


def kinds(published):
    return [m["msg_type"] for m in published]


def text(published, name="stdout"):
    return "".join(m["content"]["text"] for m in published if m["msg_type"] == "stream" and m["content"]["name"] == name)


def interrupted(kernel, key):
    request = kernel.client.execute(kernel.code[key])
    time.sleep(1.0)
    kernel.manager.interrupt_kernel()
    began = time.time()
    reply = kernel.hear(request)[0]
    return reply.get("status") == "error" and time.time() - began < 5


def answers_input(kernel):
    request = kernel.client.execute(kernel.code["input"], allow_stdin=True)
    question = kernel.client.get_stdin_msg(timeout=8)
    if question["content"]["prompt"] != "Name? ":
        return False
    kernel.client.input("Ada")
    kernel.hear(request)
    return kernel.result("name") == "'Ada'"


def aborts_queue(kernel):
    requests = [kernel.client.execute(kernel.code[key]) for key in ("fail", "two")]
    replies = {}
    deadline = time.time() + 8
    while len(replies) < 2 and time.time() < deadline:
        try:
            reply = kernel.client.get_shell_msg(timeout=0.5)
        except Empty:
            continue
        replies[reply["parent_header"].get("msg_id")] = reply["content"]["status"]
    return [replies.get(request) for request in requests] == ["error", "aborted"]


def runs_after_failure(kernel):
    kernel.run("fail")
    return kernel.run("two")[0].get("status") == "ok"


def forged(kernel):
    kernel.run("let")
    session = kernel.client.session
    key, session.key = session.key, b"another key"
    kernel.client.execute(kernel.code["redeclare"])
    session.key = key
    time.sleep(0.5)
    return kernel.result("read") == "5"


def control_while_busy(kernel):
    request = kernel.client.execute(kernel.code["await_for_ever"])
    time.sleep(0.8)
    control = kernel.client.session.msg("kernel_info_request")
    kernel.client.control_channel.send(control)
    try:
        answered = kernel.client.get_control_msg(timeout=3)["msg_type"] == "kernel_info_reply"
    except Empty:
        answered = False
    kernel.manager.interrupt_kernel()
    kernel.hear(request)
    return answered


def heart_beats_in_loop(kernel):
    request = kernel.client.execute(kernel.code["loop"])
    kernel.client.hb_channel.unpause()
    time.sleep(2.5)
    alive = kernel.client.hb_channel.is_beating()
    kernel.manager.interrupt_kernel()
    kernel.hear(request)
    return alive


def status_wraps(kernel):
    _, published = kernel.run("two")
    states = [m["content"]["execution_state"] for m in published if m["msg_type"] == "status"]
    return states == ["busy", "idle"] and kinds(published)[0] == "status" and kinds(published)[-1] == "status"


def silent(kernel):
    before = kernel.run("two")[0]["execution_count"]
    _, published = kernel.run("print", silent=True)
    return kernel.run("two")[0]["execution_count"] == before + 1 and "stream" not in kinds(published)


def displays(kernel):
    data = [m["content"]["data"] for m in kernel.run("display")[1] if m["msg_type"] == "display_data"]
    return bool(data) and {"text/plain", "application/json"} <= set(data[0])


def late_output(kernel):
    _, published = kernel.run("late", after=1.2)
    return "late" in text(published)


def expressions(kernel):
    kernel.run("let")
    reply, _ = kernel.run("two", user_expressions={"value": kernel.code["user_variable"]})
    return reply["user_expressions"]["value"].get("data", {}).get("text/plain") == "5"


def history(kernel, **options):
    kernel.run("print")
    return any(kernel.code["print"] in str(entry) for entry in kernel.ask("history", **options).get("history", []))


def completes_after_emoji(kernel):
    reply = kernel.ask("complete", kernel.code["emoji"], len(kernel.code["emoji"]))
    return reply.get("cursor_end") == len(kernel.code["emoji"]) and len(reply.get("matches", [])) > 0


def restarts(kernel):
    kernel.run("let")
    kernel.manager.restart_kernel(now=False)
    kernel.client.wait_for_ready(timeout=30)
    return kernel.run("two")[0]["execution_count"] == 1


def ends(kernel):
    kernel.client.shutdown()
    deadline = time.time() + 8
    while time.time() < deadline:
        if not kernel.manager.is_alive():
            return True
        time.sleep(0.1)
    return False


def error_content(kernel):
    reply, published = kernel.run("fail")
    said = [m["content"] for m in published if m["msg_type"] == "error"]
    return bool(said) and said[0]["evalue"] == "on purpose" == reply.get("evalue") and len(said[0]["traceback"]) > 0


def error_line(kernel):
    _, published = kernel.run("stack")
    said = "".join(line for m in published if m["msg_type"] == "error" for line in m["content"]["traceback"])
    return "line 2" in said or ":2" in said or "2 " in said


PROBES = [
    ("kernel_info names protocol, language and status", lambda k: {"protocol_version", "language_info", "implementation", "banner"} <= set(k.ask("kernel_info")) and k.ask("kernel_info").get("status") == "ok"),
    ("a cell's value is an `execute_result`", lambda k: k.result("two") == "2"),
    ("`execute_input` is published", lambda k: "execute_input" in kinds(k.run("two")[1])),
    ("the execution count rises", lambda k: k.run("two")[0]["execution_count"] + 1 == k.run("two")[0]["execution_count"]),
    ("busy and idle wrap every request", status_wraps),
    ("stdout", lambda k: text(k.run("print")[1]) == "out\n"),
    ("stderr", lambda k: text(k.run("stderr")[1], "stderr") == "err\n"),
    ("20,000 printed lines all arrive", lambda k: text(k.run("lines")[1]) == "".join(f"{i}\n" for i in range(20000))),
    ("a silent cell leaves no trace", silent),
    ("an error has name, message and traceback", error_content),
    ("the traceback names the cell's line", error_line),
    ("cells queued behind a failing one are aborted", aborts_queue),
    ("a cell sent after a failing one runs", runs_after_failure),
    ("variables live on", lambda k: k.run("let") and k.result("read") == "5"),
    ("a function and a later cell share a variable", lambda k: k.run("function") and k.result("call") == "12"),
    ("top-level await", lambda k: "awaited" in str(k.result("await"))),
    ("`user_expressions` see the cells' variables", expressions),
    ("display of several forms at once", displays),
    ("a display is updated in place", lambda k: "update_display_data" in kinds(k.run("update")[1])),
    ("output is cleared", lambda k: any(m["msg_type"] == "clear_output" and m["content"]["wait"] for m in k.run("clear")[1])),
    ("late output goes to the cell it comes from", late_output),
    ("a child process's output is shown", lambda k: "42" in text(k.run("child")[1], "stdout")),
    ("input", answers_input),
    ("comms: opened by the kernel", lambda k: "comm_open" in kinds(k.run("comm")[1])),
    ("comms: listed", lambda k: len(k.ask("comm_info").get("comms", {})) > 0),
    ("completion", lambda k: any("floor" in m for m in k.ask("complete", k.code["attribute"], len(k.code["attribute"])).get("matches", []))),
    ("completion counts characters, not UTF-16 units", completes_after_emoji),
    ("inspection", lambda k: k.ask("inspect", k.code["inspect"], len(k.code["inspect"])).get("found") is True),
    ("complete code is complete", lambda k: k.ask("is_complete", k.code["two"]).get("status") == "complete"),
    ("open code is incomplete, with an indent", lambda k: (lambda r: r.get("status") == "incomplete" and r.get("indent") is not None)(k.ask("is_complete", k.code["open"]))),
    ("broken code is invalid", lambda k: k.ask("is_complete", k.code["broken"]).get("status") == "invalid"),
    ("history: tail", lambda k: history(k, hist_access_type="tail", n=5, raw=True)),
    ("history: range", lambda k: history(k, hist_access_type="range", session=0, start=1, stop=9999, raw=True)),
    ("history: search", lambda k: history(k, hist_access_type="search", pattern="*out*", n=5, raw=True)),
    ("an endless loop is interrupted", lambda k: interrupted(k, "loop")),
    ("an await is interrupted", lambda k: interrupted(k, "await_for_ever")),
    ("variables survive an interrupt", lambda k: k.run("let") and interrupted(k, "loop") and k.result("read") == "5"),
    ("control is answered while a cell waits", control_while_busy),
    ("the heart beats in an endless loop", heart_beats_in_loop),
    ("a message signed with another key is not executed", forged),
    ("restart begins with nothing", restarts),
    ("shutdown ends the process", ends),
]


def main(wanted):
    installed = KernelSpecManager().find_kernel_specs()
    names = [name for name in wanted if name in installed]
    for name in set(wanted) - set(names):
        print(f"{name} is not installed; left out.", file=sys.stderr)
    columns = {name: probe_all(name) for name in names}
    print(f"| probe | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for i, (probe, _) in enumerate(PROBES):
        print(f"| {probe} | {' | '.join('yes' if columns[name][i] else '**no**' for name in names)} |")
    print(f"| **of {len(PROBES)}** | {' | '.join(str(sum(columns[name])) for name in names)} |")
    ours = sum(columns.get("oscc-lab", [0]))
    if ours < len(PROBES) or any(sum(column) > ours for column in columns.values()):
        sys.exit("oscc-lab does not pass every probe")


def probe_all(name):
    kernel, passed = Kernel(name), []
    try:
        for probe, check in PROBES:
            try:
                passed.append(bool(check(kernel)))
            except Exception as problem:  # a probe that cannot be asked is answered with no
                print(f"{name}: {probe}: {type(problem).__name__} {problem}", file=sys.stderr)
                passed.append(False)
                if not kernel.manager.is_alive():
                    kernel.close()
                    kernel = Kernel(name)
    finally:
        kernel.close()
    return passed


if __name__ == "__main__":
    main(sys.argv[1:] or os.environ.get("OSCC_COMPARE", "oscc-lab python3 tslab").split())
