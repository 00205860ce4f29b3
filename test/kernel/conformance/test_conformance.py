"""Jupyter's own conformance tests, and Jupyter's own client, against the oscc-lab kernel."""

import os
import time
import unittest

import jupyter_kernel_test
from jupyter_client.manager import start_new_kernel

KERNEL = os.environ.get("OSCC_CONFORMANCE_KERNEL", "oscc-lab")
API = "oscc-lab/dist/kernel/notebook-api"
TIMEOUT_S = 20


class Conformance(jupyter_kernel_test.KernelTests):
    """Every check of jupyter_kernel_test that applies; a pager has no meaning in this kernel."""

    kernel_name = KERNEL
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    code_generate_error = "throw new Error('on purpose')"
    completion_samples = [
        {"text": "Math.floo", "matches": {"floor"}},
        {"text": "const site = 'core'; site.toUpperC", "matches": {"toUpperCase"}},
    ]
    complete_code_samples = ["1", "console.log('x')", "function f(x: number) {\n  return x * 2;\n}", "await null"]
    incomplete_code_samples = ["function f(", "if (true) {", "const a = [1,", "const text = `begun"]
    invalid_code_samples = ["const = 1", "let 7up = 1", "if (x) }"]
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "[1, 2, 3]", "result": "[ 1, 2, 3 ]"},
        {"code": "'text'", "result": "'text'"},
        {"code": "6 * 7", "result": "42"},
        {"code": "6 * 8", "result": "48"},
        {"code": "6 * 8", "result": "48"},
        {"code": "6 * 8", "result": "48"},
    ]
    code_display_data = [
        {"code": f"import {{ display }} from '{API}'; display({{ 'image/png': 'iVBORw0=' }})", "mime": "image/png"},
        {"code": "import { display as show } from 'tslab'; show.html('<b>x</b>')", "mime": "text/html"},
    ]
    code_history_pattern = "6 * 8"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Math.floor"
    code_clear_output = f"import {{ clearOutput }} from '{API}'; clearOutput()"


class JupyterClient(unittest.TestCase):
    """What front ends do beyond running cells, with the client library that they use."""

    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = start_new_kernel(kernel_name=KERNEL)

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel(now=False)

    def run_cell(self, code, **options):
        return self.client.execute_interactive(code, timeout=TIMEOUT_S, output_hook=lambda _: None, **options)

    def test_heart_beats(self):
        self.client.hb_channel.unpause()
        time.sleep(1.5)
        self.assertTrue(self.client.hb_channel.is_beating())

    def test_input(self):
        self.client.allow_stdin = True

        def answer(message):
            self.assertEqual(message["content"]["prompt"], "Name? ")
            self.client.input("Ada")

        reply = self.run_cell(
            f"import {{ input }} from '{API}'; const name = await input('Name? ');",
            allow_stdin=True,
            stdin_hook=answer,
            user_expressions={"name": "name"},
        )
        self.assertEqual(reply["content"]["user_expressions"]["name"]["data"]["text/plain"], "'Ada'")

    def interrupted(self, code):
        request = self.client.execute(code)
        time.sleep(0.8)
        self.manager.interrupt_kernel()
        while True:
            reply = self.client.get_shell_msg(timeout=TIMEOUT_S)
            if reply["parent_header"]["msg_id"] == request:
                return reply["content"]

    def test_interrupt(self):
        for code in ("while (true) {}", "await new Promise(() => {})"):
            with self.subTest(code=code):
                self.assertEqual(self.interrupted(code)["ename"], "Interrupted")

    def test_restart(self):
        manager, client = start_new_kernel(kernel_name=KERNEL)
        try:
            client.execute_interactive("globalThis.name = 'before'", timeout=TIMEOUT_S)
            manager.restart_kernel()
            client.wait_for_ready(timeout=TIMEOUT_S)
            reply = client.execute_interactive("1", timeout=TIMEOUT_S, output_hook=lambda _: None)
            self.assertEqual(reply["content"]["execution_count"], 1)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)

    def test_twenty_thousand_lines(self):
        heard = []

        def hear(message):
            if message["msg_type"] == "stream":
                heard.append(message["content"]["text"])

        self.client.execute_interactive(
            "for (let i = 0; i < 20000; i++) console.log(i)", timeout=TIMEOUT_S, output_hook=hear
        )
        self.assertEqual("".join(heard), "".join(f"{i}\n" for i in range(20000)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
